"""The service of the pages that compute: one answer for each question of a visit, and the obstacles."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.live import service
from summit_dash.live.limits import Limits
from summit_dash.live.service import Live, Subject, find_obstacle
from summit_dash.run.store import RunStore


def test_an_obstacle_is_named_with_the_command_that_helps(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = find_obstacle(store)
    assert imported is not None and "summit-dash precompute" in imported.fix
    monkeypatch.setitem(store.manifest, "model", {"preprocess": {}})
    assert find_obstacle(store) is None
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    missing = find_obstacle(store)
    assert missing is not None and "pip install" in missing.fix


def test_a_question_is_asked_once_and_again_after_it_was_cancelled(store: RunStore) -> None:
    live = Live.start(Limits(n_waiting=9))
    live.workers._serve = lambda: None  # type: ignore[method-assign]
    visit = live.visits.open()
    key = live.visits.add(visit, "a.png", b"x")
    first = live.predict(visit, store, key)
    assert live.predict(visit, store, key) is first
    assert first.job.arguments == (str(store.path.resolve()), b"x")
    subject = Subject(visit, store, "7", 1, 2)
    lrp = live.explain(subject, "lrp", {"preset": "epsilon", "samples": "10"})
    assert lrp.job.arguments[1:] == (7, (1, 2), "lrp", {"preset": "epsilon"})
    assert live.explain(subject, "lrp", {"preset": "epsilon", "samples": "50"}) is lrp
    live.keep_only(visit, [first])
    assert list(visit.tickets.values()) == [first]
    live.cancel(visit, keep=True)
    assert live.predict(visit, store, key) is first and first.view.state == "cancelled"
    live.visits.clear(visit)
    with pytest.raises(InputError, match="was forgotten"):
        live.predict(visit, store, key)
    assert service.EXTENSION == "summit_dash_live"


def test_a_visit_keeps_the_answers_that_were_used_last(store: RunStore) -> None:
    live = Live.start(Limits(n_waiting=99))
    live.workers._serve = lambda: None  # type: ignore[method-assign]
    visit = live.visits.open()
    tickets = [live.predict(visit, store, str(n)) for n in range(30)]
    assert list(visit.tickets.values()) == tickets, "what is not over is kept"
    for ticket in tickets:
        ticket.finish("done")
    assert live.predict(visit, store, "0") is tickets[0]
    assert list(visit.tickets.values()) == [*tickets[7:], tickets[0]]
    assert live.predict(visit, store, "1") is not tickets[1]


def test_answers_of_a_visit_have_a_size_and_a_picture_takes_the_place_of_numbers(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_MOST_BYTES", 10_000)
    live = Live.start(Limits(n_waiting=99), keep=lambda part: part[:3000])
    live.workers._serve = lambda: None  # type: ignore[method-assign]
    visit = live.visits.open()
    first, second, third, running = tickets = [live.predict(visit, store, str(n)) for n in range(4)]
    for ticket in tickets:
        ticket.add(1, 1, b"x" * 50_000)
        assert ticket.view.parts == (b"x" * 3000,)
    for ticket in (first, second, third):
        ticket.finish(None)
    assert live.predict(visit, store, "0") is first
    assert list(visit.tickets.values()) == [third, running, first], "the one used longest ago made room"
    assert visit.answer_bytes < 10_000
    assert live.predict(visit, store, "1") is not second


def test_of_answers_that_are_not_looked_at_those_used_last_are_kept(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_MOST_PAST_BYTES", 100_000)
    live = Live.start(Limits(n_waiting=99))
    live.workers._serve = lambda: None  # type: ignore[method-assign]
    visit = live.visits.open()
    tickets = [live.predict(visit, store, str(n)) for n in range(5)]
    for ticket in tickets:
        ticket.add(1, 1, b"x" * 60_000)
        ticket.finish(None)
    names = []
    for n in range(5):
        visit.shelf.turn_to(str(n))
        names.append(visit.shelf.put(f"map of {n}".encode()).rpartition("/")[2])
    visit.shelf.turn_to("0")
    live.keep_only(visit, tickets[:2])
    assert list(visit.tickets.values()) == [*tickets[:2], tickets[4]]
    assert [bool(visit.shelf.find(name)) for name in names] == [True, True, False, False, True]
    live.keep_only(visit, tickets[:2])
    assert len(visit.tickets) == 3, "what is looked at is kept, however large it is"


def test_the_dashboard_with_its_live_pages_imports_no_torch(run_path: Path) -> None:
    code = (
        "import sys; from summit_dash.run.store import RunStore; from summit_dash.server.app import create_app;"
        f"create_app([RunStore({str(run_path)!r})]); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
