"""Single channels, removed one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.contract.nodes import Nodes
from precompute.faithfulness.singles import build_single_rows, plan_singles

NODES = Nodes([("stem", 3), ("head", 4)])


def test_each_trial_removes_one_channel_and_nothing_else() -> None:
    trials, masks = plan_singles(7, [1, 3, 6], NODES)
    assert [(trial.layer, trial.sizes, trial.intervention) for trial in trials] == [
        (0, (1, 0), "remove"), (1, (0, 1), "remove"), (1, (0, 1), "remove"),
    ]  # fmt: skip
    removed = [np.flatnonzero(~masks.find_kept(trial, int(trial.layer or 0))).tolist() for trial in trials]
    assert removed == [[1], [0], [3]]
    assert masks.find_kept(trials[0], 1).all()


def test_rows_have_the_accuracy_lost_and_the_fall_of_the_log_probability() -> None:
    right = np.array([[1, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 0]], np.bool_)
    logarithms = np.array([[-1, -3, -1], [-1, -2, -1], [-1, -1, -1], [-2, -2, -2]], np.float32)
    first, second = build_single_rows(7, [1, 6], right, logarithms, NODES)
    assert (first["layer"], first["channel"], second["layer"], second["channel"]) == ("stem", 1, "head", 3)
    assert first["accuracy_lost"] == pytest.approx((2 - 1) / 4)
    assert first["log_probability_lost"] == pytest.approx(3 / 4)
    assert first["log_probability_low"] <= 0.75 <= first["log_probability_high"]
    assert (second["accuracy_lost"], second["log_probability_lost"]) == (0, 0)
    assert second["ci_low"] == -second["ci_high"] < 0
    assert first["n_images"] == 4
    assert build_single_rows(7, [1], right[:1, :2], logarithms[:1, :2], NODES)[0]["log_probability_low"] is None
