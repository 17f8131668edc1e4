"""Answers like those of `precompute.faithfulness.answers`, without a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from precompute.contract.errors import InputError
from tests.support.live_run_picture import write_picture


def ablate(
    run: str, class_id: int, channels: Sequence[str], mode: str, report: Callable[[int, int, Any], None]
) -> dict[str, Any]:
    if "gone-0" in channels:
        raise InputError("Images of the run are there.", "a.png is gone.", "Put it back.")
    report(2, 4, None)
    report(4, 4, (7, write_picture("JPEG")))
    changed = {"path": "a.png", "before": "carp", "after": "trout", "was_right": True, "is_right": False}
    return {
        "n_images": 4,
        "n_of_class": 9,
        "n_of_means": 12,
        "before": (0.75, 0.3, 0.95),
        "after": (0.25, 0.05, 0.7) if mode == "remove" else (0.5, 0.15, 0.85),
        "log_probability": -1.25,
        "changed": [{"image_id": 7, **changed}, {"image_id": 8, **changed}],
    }


def ablate_each(
    run: str, class_id: int, channels: Sequence[str], report: Callable[[int, int, Any], None]
) -> dict[str, Any]:
    if "gone-0" in channels:
        raise InputError("Images of the run are there.", "a.png is gone.", "Put it back.")
    report(4, 4 * len(channels), None)
    alone = dict.fromkeys(channels, (0.25, -0.125, 0.5, 1.25, 4))
    return {"n_images": 4, "n_of_class": 9, "n_of_means": 12, "alone": alone}
