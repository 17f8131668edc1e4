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


def test_a_gain_of_just_the_least_share_goes_on() -> None:
    """Means 2, 4, 5: the gains are 2 of 4, which is half, and 1 of 5, which is less."""
    plateau = Plateau(PlateauConfig(window=1, min_gain=0.5), torch.zeros(1))
    assert plateau.update(torch.tensor([2.0])) is None
    for value, is_done in ((4.0, False), (5.0, True)):
        done = plateau.update(torch.tensor([value]))
        assert done is not None and done.tolist() == [is_done]


def test_the_rise_counts_from_the_start_of_each_picture() -> None:
    """Both pictures gain 1 in the second window; that is little of a rise of 101 and much of one of 2."""
    plateau = Plateau(PlateauConfig(window=1, min_gain=0.1), torch.tensor([-91.0, 8.0]))
    plateau.update(torch.tensor([9.0, 9.0]))
    done = plateau.update(torch.tensor([10.0, 10.0]))
    assert done is not None and done.tolist() == [True, False]


def test_pictures_that_stay_keep_their_own_history() -> None:
    """The last picture alone would be judged by another one's start or mean if the state did not move with it."""
    plateau = Plateau(PlateauConfig(window=2, min_gain=0.1), torch.tensor([0.0, 5.0, -100.0]))
    for values in ([1.0, 6.0, 1.0], [1.0, 6.0, 1.0], [1.0, 9.0, 2.0]):
        plateau.update(torch.tensor(values))
    plateau.keep(torch.tensor([2, 1]))
    done = plateau.update(torch.tensor([2.0, 9.0]))
    assert done is not None and done.tolist() == [True, False]
