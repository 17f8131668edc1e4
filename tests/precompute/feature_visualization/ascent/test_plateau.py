"""The rule for an early stop, on objectives written by hand."""

from __future__ import annotations

import torch

from precompute.feature_visualization.ascent.config import PlateauConfig
from precompute.feature_visualization.ascent.plateau import Plateau


def test_a_plateau_is_a_window_that_gains_little_of_the_whole_rise() -> None:
    plateau = Plateau(PlateauConfig(window=2, min_gain=0.1), torch.zeros(4))
    rising, flat, falling, foot = (2.0, 4.0, 8.0), (4.0, 9.0, 9.5), (1.0, 9.0, 5.0), (0.0, 0.0, 0.0)
    found = []
    for window in zip(rising, flat, falling, foot, strict=True):
        values = torch.tensor(window)
        assert plateau.update(values - 0.5) is None
        found.append(plateau.update(values + 0.5))
    assert found[0] is None, "one window alone has gained nothing"
    assert found[1] is not None and found[2] is not None
    assert found[1].tolist() == [False, False, False, False]
    assert found[2].tolist() == [False, True, True, False], "what has not risen yet may still find a way"


def test_without_a_window_nothing_stops() -> None:
    plateau = Plateau(PlateauConfig(window=0), torch.zeros(1))
    assert all(plateau.update(torch.zeros(1)) is None for _ in range(100))
