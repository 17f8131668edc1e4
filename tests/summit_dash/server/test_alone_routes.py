"""The route of single channels: what it answers, what it refuses, and that the answer is asked for once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient

from summit_dash.live import service
from summit_dash.live.service import EXTENSION
from summit_dash.run.store import RunStore
from summit_dash.run.transfer_store import TransferStore
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.support import live_proof_answers
from tests.support.transfer_result import write_transfer_result

HEADERS = {"X-Summit-Dash": "alone"}
ONE = {"class_id": 0, "channels": ["conv2-0"]}


@pytest.fixture(scope="module")
def client(store: RunStore) -> Iterator[FlaskClient]:
    """A client of a server with one process, whose answers need no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_PROOFS", live_proof_answers.__name__)
        patch.setattr(store, "manifest", {**store.manifest, "model": {"preprocess": {}}})
        app = create_app([store], Settings())
        yield app.server.test_client()
        app.server.extensions[EXTENSION]["live"].close()


def ask(client: FlaskClient, **wanted: Any) -> Any:
    """Asks until the measurement is over."""
    pause, body = Event(), {**ONE, **wanted}
    for _ in range(600):
        found = client.post("/run/synthetic/alone", json=body, headers=HEADERS).json
        if found["is_over"]:
            return found
        body["visit"] = found["visit"]
        pause.wait(0.05)
    raise AssertionError("the answer did not end")


def test_channels_are_measured_and_the_answer_is_kept_for_the_visit(client: FlaskClient) -> None:
    wanted = {"class_id": 0, "channels": ["conv2-0", "conv2-1"]}
    found = ask(client, **wanted)
    assert found["state"] == "done" and found["result"]["alone"]["conv2-1"] == [0.25, -0.125, 0.5, 1.25, 4]
    again = client.post("/run/synthetic/alone", json={**wanted, "visit": found["visit"]}, headers=HEADERS)
    assert again.json["is_over"] and again.headers["Cache-Control"] == "no-store"


def test_what_is_cancelled_is_measured_when_it_is_asked_for_again(client: FlaskClient) -> None:
    wanted = {"class_id": 0, "channels": ["conv2-2"]}
    found = client.post("/run/synthetic/alone", json={**wanted, "cancel": True}, headers=HEADERS).json
    assert found["state"] == "cancelled" and found["is_over"] and found["result"] is None
    assert ask(client, **wanted, visit=found["visit"])["result"]["alone"]["conv2-2"] == [0.25, -0.125, 0.5, 1.25, 4]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"class_id": 999}, "This is none"),
        ({"class_id": True}, "This is none"),
        ({"channels": []}, "Found 0"),
        ({"channels": "conv2-0"}, "no list"),
        ({"channels": ["conv2-99999"]}, "Found conv2-99999"),
        ({"channels": ["fourth-1"]}, "Found fourth-1"),
        ({"channels": [7]}, "Found 7"),
    ],
)
def test_what_is_not_of_the_run_is_one_message(client: FlaskClient, wanted: dict[str, Any], words: str) -> None:
    found = client.post("/run/synthetic/alone", json={**ONE, **wanted}, headers=HEADERS)
    assert found.status_code == 400 and words in found.json["problem"]["found"]


def test_another_page_a_result_and_an_unknown_run_are_refused(client: FlaskClient, tmp_path: Path) -> None:
    assert client.post("/run/synthetic/alone", json=ONE).status_code == 403
    assert client.post("/run/synthetic/alone", data="x", headers=HEADERS).status_code == 403
    assert client.post("/run/other/alone", json=ONE, headers=HEADERS).status_code == 404
    result = create_app([TransferStore(write_transfer_result(tmp_path / "photos"))], Settings()).server.test_client()
    assert result.post("/run/photos/alone", json=ONE, headers=HEADERS).status_code == 404


def test_a_run_without_a_model_says_so_and_a_viewer_may_not(run_path: Path) -> None:
    store = RunStore(run_path)
    store.manifest = {**store.manifest, "imported": {}}
    app = create_app([store], Settings(auth="token", token="t" * 32, role="viewer"))
    bearer = {**HEADERS, "Authorization": f"Bearer {'t' * 32}"}
    assert app.server.test_client().post("/run/synthetic/alone", json=ONE, headers=bearer).status_code == 403
    client = create_app([store], Settings()).server.test_client()
    found = client.post("/run/synthetic/alone", json=ONE, headers=HEADERS).json
    assert "holds no model" in found["problem"]["found"]
