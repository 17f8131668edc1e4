from __future__ import annotations

from typing import Any

import pytest

from summit_dash.live.job import View
from summit_dash.pages.ablation_parts import Chosen, build_answer, build_choice
from summit_dash.run.store import RunStore

RESULT: dict[str, Any] = {
    "n_images": 1, "n_of_class": 1, "n_of_means": 1, "before": (1.0, 0.2, 1.0), "after": (1.0, 0.2, 1.0),
    "log_probability": 0.5, "changed": [],
}  # fmt: skip


def choose(*channels: str, mode: str = "remove") -> Chosen:
    return Chosen(0, channels, mode, True, 9)


def view(state: Any, n_done: int = 0, n_total: int = 0, result: Any = None) -> View:
    return View(state, 1, n_done, n_total, (), result, None)


def test_channels_open_their_panels_and_only_the_first_ones_are_named(store: RunStore) -> None:
    found = str(build_choice(store, choose(*(f"conv2-{n}" for n in range(45)))))
    assert '"layer": "conv2", "channel": 7' in found.replace("\\", "")
    assert "45 channels, pinned" in found and "and 5 more" in found and "conv2-41" not in found


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (view("waiting"), "place 2 in the queue"),
        (view("running", 3, 12), "The model runs images: 3 of 12"),
        (view("cancelled"), "Cancelled"),
        (view("done", result=RESULT), "The prediction of none of 1 image changes"),
        (view("done", result=RESULT), "rises by 0.50"),
    ],
)
def test_each_state_is_told_in_a_sentence(store: RunStore, seen: View, words: str) -> None:
    assert words in str(build_answer(store, choose("conv2-0"), seen, 2))
