"""The smallest graph that keeps an accuracy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.faithfulness.smallest import find_smallest


class Tried:
    """Images that are right from some number of channels on; notes the sizes that are asked for."""

    def __init__(self, *needed: int) -> None:
        self.needed, self.sizes = needed, list[tuple[int, ...]]()

    def __call__(self, sizes: tuple[int, ...]) -> NDArray[np.bool_]:
        self.sizes.append(sizes)
        return np.array([sum(sizes) >= each for each in self.needed])


def test_the_smallest_number_that_keeps_the_accuracy_is_found_in_few_steps() -> None:
    tried = Tried(*[40] * 10)
    sizes, right = find_smallest([2, 0, 4], [100, 100, 200], 0.9, tried)
    assert right.all() and 40 <= sum(sizes) <= 42 and sizes[1] == 0
    assert len(tried.sizes) <= 10


def test_a_single_channel_of_each_layer_may_do_and_all_may_be_needed() -> None:
    assert find_smallest([2, 4], [10, 20], 0.5, Tried(0, 0))[0] == (1, 1)
    sizes, right = find_smallest([2, 4], [10, 20], 0.9, Tried(30, 30))
    assert sizes == (10, 20) and right.all()


def test_what_no_number_keeps_is_said_with_all_channels() -> None:
    sizes, right = find_smallest([1, 1], [4, 4], 0.9, Tried(99, 0))
    assert sizes == (4, 4) and right.tolist() == [False, True]
