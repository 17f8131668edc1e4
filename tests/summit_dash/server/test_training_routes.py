"""The routes of trainings: who may start one, what they say of it, and what they refuse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from summit_dash.live import training
from summit_dash.live.job import Job, Ticket
from summit_dash.live.service import EXTENSION
from summit_dash.run.transfer_store import TransferStore
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.support.transfer_result import write_transfer_result

WISH = {"cut": "small@high", "kind": "mlp", "n_epochs": 3, "n_unfrozen": 0, "learning_rate": 0.01}
HEADERS = {"X-Summit-Dash": "training"}


class Heard:
    """A pool that takes jobs and starts no process."""

    def __init__(self, workers: Any) -> None:
        self.limits, self.tickets = workers.limits, list[Ticket]()
        self.is_saving = False

    def submit(self, job: Job) -> Ticket:
        self.tickets.append(Ticket(job, 0.0))
        return self.tickets[-1]

    def ask(self, ticket: Ticket) -> int:
        return 1

    def has_taken(self, ticket: Ticket) -> bool:
        return self.is_saving or not ticket.view.is_over

    def cancel(self, ticket: Ticket) -> None:
        ticket.cancel()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[FlaskClient, Heard]]:
    app = create_app([TransferStore(write_transfer_result(tmp_path / "photos"))], Settings())
    trainings = app.server.extensions[EXTENSION]["live"].trainings
    heard = trainings.workers = Heard(trainings.workers)
    yield app.server.test_client(), heard


def test_a_training_is_started_watched_and_cancelled(served: tuple[FlaskClient, Heard]) -> None:
    client, heard = served
    first = client.get("/run/photos/training")
    assert (first.json["state"], first.json["obstacle"]) == ("none", None)
    assert first.headers["Cache-Control"] == "no-store"
    assert client.post("/run/photos/training", json=WISH, headers=HEADERS).json["state"] == "waiting"
    (ticket,) = heard.tickets
    assert ticket.job.function == training._JOB and ticket.job.arguments[1] == "small@high"
    ticket.start()
    ticket.add(1, 9, {"fold": 0, "epoch": 1, "loss": 0.5, "accuracy": 0.75})
    found = client.get("/run/photos/training").json
    assert (found["state"], found["n_done"], found["epochs"][0]["loss"]) == ("running", 1, 0.5)
    heard.is_saving = True
    found = client.post("/run/photos/training/cancel", headers=HEADERS).json
    assert (found["state"], found["is_over"]) == ("cancelled", False)
    heard.is_saving = False
    assert client.get("/run/photos/training").json["is_over"]


def test_what_is_heard_of_the_end_comes_with_the_version_after_it(
    served: tuple[FlaskClient, Heard], tmp_path: Path
) -> None:
    client, heard = served
    before = client.post("/run/photos/training", json=WISH, headers=HEADERS).json["version"]
    write, file = heard.has_taken, tmp_path / "photos" / "learned.parquet"

    def end_meanwhile(ticket: Ticket) -> bool:
        ticket.finish("small@high")
        os.utime(file, ns=(1, 1))  # after the route found the result
        return write(ticket)

    heard.has_taken = end_meanwhile  # type: ignore[method-assign]
    found = client.get("/run/photos/training").json
    assert found["is_over"] and found["version"] != before


def test_a_bad_wish_another_page_and_a_run_are_refused(served: tuple[FlaskClient, Heard]) -> None:
    client, heard = served
    bad = client.post("/run/photos/training", json={**WISH, "kind": "tree"}, headers=HEADERS)
    assert bad.status_code == 400 and "Found tree" in bad.json["problem"]["found"]
    assert client.post("/run/photos/training", json=WISH).status_code == 403
    assert client.post("/run/photos/training/cancel").status_code == 403
    assert client.get("/run/other/training").status_code == 404
    assert heard.tickets == []


def test_a_viewer_sees_why_and_may_not(tmp_path: Path) -> None:
    app = create_app(
        [TransferStore(write_transfer_result(tmp_path / "photos"))],
        Settings(auth="token", token="t" * 32, role="viewer"),
    )
    client = app.server.test_client()
    bearer = {"Authorization": f"Bearer {'t' * 32}"}
    assert "only reads" in client.get("/run/photos/training", headers=bearer).json["obstacle"]["found"]
    assert client.post("/run/photos/training", json=WISH, headers={**HEADERS, **bearer}).status_code == 403
