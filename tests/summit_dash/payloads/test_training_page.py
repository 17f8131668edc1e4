from __future__ import annotations

import json
from typing import Any

import pytest

from summit_dash.live.training import HEADS
from summit_dash.payloads.training_page import build_training_form, build_training_state

CUTS = [{"model": model, "cut": cut} for model in ("small", "large") for cut in ("low", "high")]


def build_epoch(fold: int | None, number: int) -> dict[str, Any]:
    return {"fold": fold, "epoch": number, "loss": 0.5, "accuracy": 0.75}


STATE = {
    "state": "running",
    "is_over": False,
    "waits": 1,
    "cut": "a@b",
    "head": {"kind": "mlp", "n_unfrozen": 0},
    "n_done": 1,
    "n_total": 4,
    "epochs": [build_epoch(0, 1), build_epoch(0, 2), build_epoch(None, 1)],
}


def list_elements(block: Any, tag: str) -> list[Any]:
    """Lists the elements of a tag in a block, in their order."""
    if not isinstance(block, list):
        return []
    inner = [each for part in block for each in list_elements(part, tag)]
    return [block, *inner] if block[:1] == [tag] else inner


def test_the_form_offers_every_cut_and_head_under_the_names_that_are_read() -> None:
    _, how, form = build_training_form(CUTS, 5)
    assert "the same 5 folds" in how[2]
    cut, kind = list_elements(form, "select")
    assert [each[1]["label"] for each in list_elements(cut, "optgroup")] == ["small", "large"]
    values = [each[1]["value"] for each in list_elements(cut, "option")]
    assert values == ["small@low", "small@high", "large@low", "large@high"]
    heads = [each[1] for each in list_elements(kind, "option")]
    assert tuple(each["value"] for each in heads) == HEADS
    assert [each["value"] for each in heads if each.get("selected")] == ["mlp"]
    numbers = [each[1]["name"] for each in list_elements(form, "input")]
    assert numbers == ["n_unfrozen", "n_epochs", "learning_rate"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "waiting", "waits": 3}, "mlp on a@b: waits; 2 before it."),
        ({"epochs": []}, "mlp on a@b: begins."),
        ({"epochs": [build_epoch(1, 4)]}, "mlp on a@b: fold 2 of 5, epoch 4, loss 0.500, accuracy 75.0 % on the part"),
        ({}, "mlp on a@b: on all images, epoch 1, loss"),
        ({"state": "cancelled"}, "mlp on a@b: cancelled. The best head so far is being saved."),
        ({"state": "cancelled", "is_over": True}, "mlp on a@b: cancelled. The best head so far is saved."),
        ({"state": "cancelled", "epochs": []}, "mlp on a@b: cancelled. No epoch was done."),
        (
            {"state": "done", "head": {"kind": "linear", "n_unfrozen": 2}},
            "linear on a@b, 2 layers trained: trained and saved.",
        ),
    ],
)
def test_a_sentence_says_where_a_training_is(changes: dict[str, Any], words: str) -> None:
    status = build_training_state({**STATE, **changes}, 5)["blocks"][0]
    assert status[1] == {"role": "status"} and status[2].startswith(words)


def test_progress_and_the_end_of_it_are_there_while_it_goes_on() -> None:
    _, progress, cancel = build_training_state(STATE, 5)["blocks"]
    assert (progress[1]["value"], progress[1]["aria-label"]) == ("0.25", "Training, 25.0 %")
    assert cancel[1]["data-cancel"] is True
    assert len(build_training_state({**STATE, "is_over": True, "state": "done"}, 5)["blocks"]) == 1
    assert len(build_training_state({**STATE, "state": "cancelled"}, 5)["blocks"]) == 2  # cancelled once
    none = build_training_state({**STATE, "n_done": 0, "n_total": 0, "epochs": []}, 5)
    assert none["blocks"][1][1]["value"] == "0" and none["figures"] is None


def test_each_training_is_a_line_of_loss_and_one_of_accuracy_and_the_last_has_a_colour() -> None:
    figures = build_training_state(STATE, 5)["figures"]
    assert set(figures) == {"light", "dark"}
    json.dumps(figures, allow_nan=False)
    lines = figures["dark"]["data"]
    assert [line["x"] for line in lines] == [[1, 2], [1, 2], [1], [1]]
    assert [line.get("yaxis", "y") for line in lines] == ["y", "y2", "y", "y2"]
    assert lines[0]["line"]["width"] < lines[2]["line"]["width"]
