"""Two applications that share a folder, as two processes of one server do."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from precompute.contract.errors import InputError
from summit_dash.live.service import EXTENSION
from summit_dash.pages.images import ASKING
from summit_dash.run.store import RunStore
from summit_dash.server.callbacks import CALLBACKS
from tests.support.callback_bodies import build_body, find_callback
from tests.support.team import build_client, sign_in, write_team

SEVERAL = {"environ_overrides": {"wsgi.multiprocess": True}}
VISIT = ASKING.name("visit")
IMAGE = f"data:image/png;base64,{base64.b64encode(b'image').decode()}"


@pytest.fixture
def both(store: RunStore, tmp_path: Path) -> Iterator[list[FlaskClient]]:
    """A client of each; the first that is asked to compute does."""
    team = str(write_team(tmp_path))
    clients = [build_client(store, auth=team, shared_folder=str(tmp_path / "shared")) for _ in range(2)]
    for client in clients:
        assert sign_in(client, "runner") == 303
    yield clients
    for client in clients:
        client.application.extensions[EXTENSION]["computing"].close()


def bring(client: FlaskClient, known: Any = None) -> dict[str, Any]:
    """Brings an image, and returns what the page then knows of the visit."""
    callback = find_callback(client.get("/_dash-dependencies").json, f"{VISIT}.data")
    body = build_body(callback, [[IMAGE]], [["a.png"], known, None])
    answer = client.post(f"/{CALLBACKS}", json=body, **SEVERAL)
    assert answer.status_code == 200
    visit: dict[str, Any] = answer.json["response"][VISIT]["data"]
    return visit


def test_whichever_is_asked_the_same_one_holds_images_and_pictures(both: list[FlaskClient]) -> None:
    first, second = both
    known = bring(first)
    assert known["uploads"] == ["upload-1"]
    known = bring(second, known)
    assert known["uploads"] == ["upload-1", "upload-2"]
    visit = first.application.extensions[EXTENSION]["live"].visits.find(known["token"])
    address = visit.shelf.put(b"picture")
    for client in both:
        answer = client.get(f"/{address}", **SEVERAL)
        assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (b"picture", "image/png", "no-store")
    assert second.get("/visit/none/none.png", **SEVERAL).status_code == 404
    assert second.get("/run/synthetic/training", **SEVERAL).status_code == 404
    assert '"data-pane":"images"' in second.get("/_dash-layout", **SEVERAL).text


def test_when_it_ends_another_takes_its_place_and_the_page_goes_on(both: list[FlaskClient]) -> None:
    first, second = both
    known = bring(first)
    first.application.extensions[EXTENSION]["computing"].close()
    again = bring(second, known)
    assert (again["uploads"], again["token"] == known["token"]) == (["upload-1"], False)
    assert bring(first, again)["uploads"] == ["upload-1", "upload-2"]


def test_who_may_not_compute_may_not_by_another_process(both: list[FlaskClient]) -> None:
    first, second = both
    bring(first)
    second.post("/sign-out")
    assert sign_in(second, "editor") == 303
    named = {"X-Summit-Dash-Person": '["x", "runner", "", true]'}
    assert second.post(f"/{CALLBACKS}", json={}, headers=named, **SEVERAL).status_code == 403
    second.post("/sign-out")
    assert second.post(f"/{CALLBACKS}", json={}, headers=named, **SEVERAL).status_code == 401


def test_a_request_that_was_handed_on_is_one_line_of_the_log_with_its_person(
    both: list[FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = both
    known = bring(first)
    with caplog.at_level(logging.INFO, "summit_dash.access"):
        bring(second, known)
    lines = [each.request for each in caplog.records if each.request["path"] == f"/{CALLBACKS}"]
    assert [(line["user"], line["status"]) for line in lines] == [("runner", 200)]


def test_a_folder_whose_path_is_too_long_for_a_socket_is_one_message(store: RunStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most"):
        build_client(store, shared_folder=str(tmp_path / ("x" * 100)))
