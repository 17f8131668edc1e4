"""The page of images, by its callbacks: uploads, answers as they come, messages, forgetting."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from dash import Dash, no_update

from summit_dash.figures.heat_maps import draw_part
from summit_dash.live import service
from summit_dash.live.limits import Limits
from summit_dash.live.service import EXTENSION, Live
from summit_dash.live.training import Trainings
from summit_dash.live.visits import Visits
from summit_dash.live.workers import Workers
from summit_dash.pages import images
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from tests.support import live_answers
from tests.support.live_run_picture import write_picture


@pytest.fixture(scope="module")
def app(store: RunStore) -> Iterator[Dash]:
    """The application with one process, whose answers need no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_JOBS", live_answers.__name__)
        patch.setattr(store, "manifest", {**store.manifest, "model": {"preprocess": {}}})
        app = create_app([store])
        limits = Limits(n_images=3)
        app.server.extensions[EXTENSION]["live"] = live = Live.start(limits, draw_part)
        with app.server.app_context():
            yield app
        live.workers.close()


def bring(content: bytes, known: Any = None, name: str = "a.png", wanted: Any = None) -> tuple[Any, Any, Any]:
    """Brings an image; returns the visit, the image to open, and the message."""
    address = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    visit, brought, message, _ = images.receive([address], [name], known, wanted)
    return visit, brought["show"], message


def look(known: Any, **wanted: Any) -> str:
    """Asks once; returns the body as far as it is known."""
    fields = {"run": None, "class_id": None, "image": None, "target": None, "against": None, **wanted}
    _, body, *_ = images.ASKING.answer(fields, 0, None, known, None)
    return str(body)


def wait_until(is_so: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(600):
        if is_so():
            return
        pause.wait(0.05)
    raise AssertionError("it did not come")


def ask(known: Any, **wanted: Any) -> tuple[str, str]:
    """Asks until nothing more is computed; returns strip and body as text."""
    fields = {"run": None, "class_id": None, "image": None, "target": None, "against": None, **wanted}
    pause = Event()
    for _ in range(600):
        strip, body, *_, more, _, _ = images.ASKING.answer(fields, 0, None, known, None)
        if more is None:
            return str(strip), str(body)
        pause.wait(0.05)
    raise AssertionError("the answer did not end")


def test_an_image_is_predicted_and_its_maps_are_shown_by_family(app: Dash) -> None:
    known, opened, message = bring(b"image")
    assert opened == "upload-1" and message is None
    strip, body = ask(known, image="upload-1")
    assert "a.png" in strip
    for words in ("Explained: carp", "70.0 %", "Signed maps", "Maps that begin at zero", "LRP", "operator stands in"):
        assert words in body
    assert "carp against trout" in ask(known, image="upload-1", target=0, against=1)[1]


def test_the_strip_holds_a_small_picture_of_every_brought_image_once_it_is_drawn(app: Dash) -> None:
    known, _, _ = bring(b"image", name="no image.png")
    known, opened, _ = bring(write_picture(), known, "mine.png")
    strip, _ = ask(known, image=opened)
    assert re.findall(r"Img\(alt='(.*?)', src='visit/[^/]+/\w+\.jpeg'", strip) == ["mine.png"]
    assert "Span(children='no image.png', className='images-name')" in strip
    live = app.server.extensions[EXTENSION]["live"]
    visit = live.visits.find(known["token"])
    assert visit.thumbnails.keys() == visit.uploads.keys() and live.draw_brought(visit, images.find_store({})) is None
    images.forget(1, known)
    assert not visit.thumbnails and visit.n_bytes == 0


def test_what_is_shown_already_is_not_sent_again(app: Dash) -> None:
    known, _, _ = bring(b"image")
    ask(known, image="upload-1")
    wanted = {"run": None, "class_id": None, "image": "upload-1", "target": None, "against": None}
    version = images.ASKING.answer(wanted, 0, None, known, None)[-2]
    assert images.ASKING.answer(wanted, 0, None, known, version)[:2] == (no_update, no_update)
    assert images.ASKING.answer(None, 0, None, known, version)[-3] is None


def test_bad_files_and_too_many_give_a_message_and_the_page_goes_on(app: Dash) -> None:
    known, _, _ = bring(b"text", name="notes.png")
    assert "no image that Pillow knows" in ask(known, image="upload-1")[1]
    for _ in range(2):
        known, _, message = bring(b"image", known)
    assert message is None
    known, opened, message = bring(b"image", known, "fourth.png")
    assert "fourth.png" in str(message) and opened is None
    assert "Explained" in ask(known, image="upload-2")[1]


def test_two_visits_see_their_own_images_alone_and_forget_them(app: Dash) -> None:
    mine, _, _ = bring(b"mine")
    other, _, _ = bring(b"other")
    assert mine["token"] != other["token"]
    gone, brought, again = images.forget(1, mine)
    assert gone["uploads"] == [] and brought["show"] == "" and again["isNew"]
    assert "was forgotten" in ask(mine, image="upload-1")[1]
    assert "Explained" in ask(other, image="upload-1")[1]
    assert "was forgotten" in ask({"token": "made up"}, image="upload-1")[1]


def test_a_page_that_is_closed_in_the_middle_leaves_nothing_behind(app: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    time = [0.0]
    limits = Limits(patience=20, visit_seconds=100)
    live = Live(Workers(limits, now=lambda: time[0]), Visits(limits, now=lambda: time[0]), Trainings(limits))
    monkeypatch.setitem(app.server.extensions[EXTENSION], "live", live)
    try:
        closed, _, _ = bring(b"endless")
        look(closed, image="upload-1")
        visit = live.visits.find(closed["token"])
        assert visit is not None
        (ticket, *_) = visit.tickets.values()
        wait_until(lambda: ticket.view.state == "running" and bool(live.workers.list_pids()))
        pids = live.workers.list_pids()
        time[0] += 30  # nobody asks any more
        known, _, _ = bring(b"image")
        assert "Explained" in ask(known, image="upload-1")[1]
        assert ticket.view.state == "cancelled" and live.workers.n_waiting == 0
        assert live.workers.list_pids() == pids, "the process goes on with its model"
        time[0] += 90
        assert live.visits.find(closed["token"]) is None, "its images are forgotten"
    finally:
        live.close()


def test_two_visits_at_once_are_answered_also_while_one_waits_for_a_long_method(app: Dash) -> None:
    visits = app.server.extensions[EXTENSION]["live"].visits
    mine, _, _ = bring(b"slow")
    other, _, _ = bring(b"image")

    def has_long_job() -> bool:
        look(mine, image="upload-1")
        tickets = visits.find(mine["token"]).tickets.values()
        return any(ticket.job.is_long and ticket.view.state == "running" for ticket in tickets)

    wait_until(has_long_job)
    assert "Explained" in ask(other, image="upload-1")[1]
    wait_until(has_long_job)  # it gave way, and goes on
    assert "CAM" in look(mine, image="upload-1")
    images.forget(1, mine)


def test_without_an_image_the_page_says_what_to_do_and_without_a_model_what_is_missing(
    app: Dash, store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, _, _ = bring(b"image")
    assert "The model is ready" in ask(known)[1]
    monkeypatch.setattr(store, "manifest", {"imported": {}})
    assert "holds no model" in ask(None)[1]


def test_cancelling_says_so_until_something_else_is_asked(app: Dash) -> None:
    known, _, _ = bring(b"image")
    wanted = {"run": None, "class_id": None, "image": "upload-1", "target": None, "against": None}
    images.ASKING.answer(wanted, 0, None, known, None)
    assert images.ASKING.cancel(1, known)["isNew"]
    body = ask(known, image="upload-1")[1]
    assert "Cancelled" in body or "Explained" in body
    assert images.ASKING.cancel(None, known) is no_update and images.forget(None, known)[0] is no_update


def test_the_model_looks_at_an_image_before_the_page_asks_and_leaves_the_one_before(app: Dash) -> None:
    live = app.server.extensions[EXTENSION]["live"]
    known, _, _ = bring(b"endless")
    wanted = {"run": None, "class_id": None, "image": "upload-1", "target": None, "against": None}
    images.ASKING.answer(wanted, 0, None, known, None)
    visit = live.visits.find(known["token"])
    (before, *_) = visit.tickets.values()
    known, _, _ = bring(b"image", known, wanted=wanted)
    assert before.view.state == "cancelled"
    asked = list(visit.tickets.values())
    functions = [ticket.job.function.partition(":")[2] for ticket in asked]
    assert functions == ["predict", "explain", "explain", "explain", "draw_brought"]
    wait_until(lambda: all(ticket.view.is_over for ticket in asked))
    images.ASKING.answer({**wanted, "image": "upload-2"}, 0, None, known, None)
    assert set(asked) < set(visit.tickets.values()), "nothing is computed again"
