"""The page of ablation, by its callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from dash import Dash, no_update

from summit_dash.live import service
from summit_dash.live.limits import Limits
from summit_dash.live.service import EXTENSION, Live
from summit_dash.pages import ablation
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from tests.support import live_proof_answers


@pytest.fixture(scope="module")
def app(store: RunStore) -> Iterator[Dash]:
    """The application with one process, whose answers need no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_PROOFS", live_proof_answers.__name__)
        patch.setattr(store, "manifest", {**store.manifest, "model": {"preprocess": {}}})
        app = create_app([store])
        app.server.extensions[EXTENSION]["live"] = live = Live.start(Limits())
        with app.server.app_context():
            yield app
        live.workers.close()


def ask(**wanted: Any) -> str:
    """Asks until nothing more is computed; returns the body as text."""
    fields, pause, known = {"run": None, "class_id": 0, "pins": [], "mode": None, **wanted}, Event(), None
    for _ in range(600):
        body, more, _, opened = ablation.ASKING.answer(fields, 0, known, None)
        known = known or opened
        if more is None:
            return str(body)
        pause.wait(0.05)
    raise AssertionError("the answer did not end")


def test_accuracies_and_changed_predictions_are_shown_with_intervals_and_n(app: Dash) -> None:
    body = ask(pins=["conv2-0", "conv2-1"], mode="remove")
    for words in (
        *("2 channels, pinned in the graph", "75 %", "[30, 95]", "25 %", "[5, 70]", "n = 4, the first of 9 images"),
        *("falls by 1.25", "12 images of all classes", "2 of 4 predictions change, 1 of them shown", "carp", "trout"),
        "without these channels",
    ):
        assert words in body, words
    assert "with these channels alone" in ask(pins=["conv2-0"], mode="keep")


def test_without_pins_the_channels_are_those_of_the_graph_and_nothing_runs_before_a_mode_is_chosen(
    app: Dash, store: RunStore
) -> None:
    body = ask()
    assert f"{len(store.graph(0).nodes)} channels, all of the graph" in body
    assert "Keep only" in body and "Accuracy" not in body


def test_a_failure_is_one_message(app: Dash) -> None:
    assert "a.png is gone." in ask(pins=["gone-0"], mode="remove")
    assert "Choose one in the list" in ask(class_id=999)


def test_a_run_without_a_model_says_so(app: Dash, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "manifest", {**store.manifest, "imported": {}})
    assert "holds no model" in ask(pins=["conv2-0"], mode="remove")


def test_leaving_the_page_and_cancelling_end_the_wait(app: Dash) -> None:
    wanted = {"class_id": 1, "pins": ["conv2-3"], "mode": "remove"}
    assert ablation.ASKING.answer(None, 0, None, None) == (no_update, None, no_update, no_update)
    known = ablation.ASKING.answer(wanted, 0, None, None)[-1]
    assert ablation.ASKING.cancel(1, known)["isNew"]
    body, more, *_ = ablation.ASKING.answer(wanted, 0, known, None)
    assert more is None and ("Cancelled" in str(body) or "Accuracy" in str(body))
    assert ablation.ASKING.cancel(None, known) is no_update
