"""The greatest responses of kernels: silent parts of the input change nothing, and any size fits the vectors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from precompute.aggregate.kernels.compiled import WindowedKernels, compute_windowed_influence
from precompute.aggregate.kernels.vectors import LANES, WIDEST
from precompute.aggregate.kernels.windowed import compute_windowed

Floats = NDArray[np.float32]
ONE = (1, 1)


def draw(random: np.random.Generator, *shape: int, low: int = -3) -> Floats:
    """Draws small whole numbers, so that sums are exact."""
    return random.integers(low, 4, shape).astype(np.float32)


@pytest.mark.parametrize("n_targets", [1, LANES, LANES * WIDEST, LANES * WIDEST + 1, LANES * (2 * WIDEST + 1)])
def test_any_number_of_targets_is_cut_into_vectors(n_targets: int) -> None:
    random = np.random.default_rng(n_targets)
    weight, values = draw(random, n_targets, 2, 2, 2), draw(random, 4, 3, 2)
    found = compute_windowed_influence(WindowedKernels.arrange(weight, ONE, (0, 0), ONE, 1), values)
    patches = np.lib.stride_tricks.sliding_window_view(values, (2, 2), (0, 1))  # (row, column, source, 2, 2)
    expected = np.einsum("yxirc,jirc->ijyx", patches, weight).max((2, 3)).clip(0)
    assert np.array_equal(found, expected)


def test_lanes_without_a_target_are_zero() -> None:
    kernels = WindowedKernels.arrange(np.ones((3, 1, 2, 2), np.float32), ONE, ONE, ONE, 1)
    found = compute_windowed(np.ones((2, 2, 1), np.float32), kernels.weight, kernels.geometry)
    assert found.shape == (1, LANES) and found[0, :3].tolist() == [4, 4, 4] and not found[0, 3:].any()


def test_a_silent_source_has_no_influence_and_changes_no_other() -> None:
    random = np.random.default_rng(0)
    weight, values = draw(random, 5, 3, 3, 3), draw(random, 6, 5, 3)
    silent = values.copy()
    silent[:, :, 1] = 0
    kernels = WindowedKernels.arrange(weight, ONE, ONE, ONE, 1)
    whole, partly = (compute_windowed_influence(kernels, one) for one in (values, silent))
    assert not partly[1].any() and np.array_equal(partly[[0, 2]], whole[[0, 2]])


def test_negative_zeros_are_skipped_like_zeros() -> None:
    kernels = WindowedKernels.arrange(-np.ones((1, 1, 2, 2), np.float32), ONE, (0, 0), ONE, 1)
    values = np.full((3, 3, 1), -0.0, np.float32)
    assert compute_windowed_influence(kernels, values).tolist() == [[0.0]]
