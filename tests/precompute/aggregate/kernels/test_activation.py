"""Spatial maxima, and the channels that carry an image, by numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.aggregate.kernels.activation import find_spatial_maximum, find_strongest_channels
from tests.reference.influence import find_strongest_channels as find_by_loops


def test_the_first_of_equal_positions_is_the_maximum() -> None:
    found = find_spatial_maximum(torch.tensor([[[[1.0, 7, 2], [7, 7, 0]], [[-4, -3, -9], [-3, -5, -6]]]]))
    assert found.activation.tolist() == [[7, -3]]
    assert found.position.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("mass", "kept"), [(0.01, [1]), (0.5, [1]), (0.51, [1, 2]), (0.8125, [1, 2]), (0.82, [0, 1, 2]), (1.0, [0, 1, 2])]
)
def test_the_smallest_set_that_reaches_the_mass_is_kept(mass: float, kept: list[int]) -> None:
    # The shares of the positive ones are 0.1875, 0.5 and 0.3125.
    found = find_strongest_channels(torch.tensor([[1.5, 4.0, 2.5, 0.0, -3.0]]), mass)
    assert found[0].nonzero()[:, 0].tolist() == kept


def test_of_equal_channels_the_lower_ones_are_kept() -> None:
    assert find_strongest_channels(torch.ones(1, 4), 0.5)[0].tolist() == [True, True, False, False]


def test_a_silent_image_has_no_strongest_channel() -> None:
    assert not bool(find_strongest_channels(torch.tensor([[0.0, 0.0], [-1.0, -2.0]]), 1.0).any())


def test_images_of_a_batch_are_judged_apart() -> None:
    kept = find_strongest_channels(torch.tensor([[9.0, 1.0], [1.0, 9.0]]), 0.5)
    assert kept.tolist() == [[True, False], [False, True]]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.01, 0.03, 0.25, 0.5, 1.0]))
def test_strongest_channels_equal_the_loop(seed: int, mass: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(-2, 5, (3, 9, 2, 2), generator=generator).float()
    kept = find_strongest_channels(values.flatten(2).amax(2), mass)
    for image in range(3):
        assert kept[image].nonzero()[:, 0].tolist() == sorted(find_by_loops(values[image], mass))
