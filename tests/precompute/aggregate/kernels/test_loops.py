"""The loops behind the compiled kernels: silent parts of the input change nothing, and any size fits the vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from precompute.aggregate.kernels.compiled import (
    PointwiseKernels,
    Strongest,
    WindowedKernels,
    compute_windowed_influence,
    find_strongest_composed,
)
from precompute.aggregate.kernels.loops import compute_windowed
from precompute.aggregate.kernels.vectors import LANES, WIDEST

Floats = NDArray[np.float32]
ONE = (1, 1)


def draw(random: np.random.Generator, *shape: int, low: int = -3) -> Floats:
    """Draws small whole numbers, so that sums are exact."""
    return random.integers(low, 4, shape).astype(np.float32)


def divide(influence: Floats) -> NDArray[np.float64]:
    """Divides each row by its sum, in float64; a row of zeros stays."""
    total = influence.sum(1, keepdims=True, dtype=np.float64)
    return np.divide(influence, total, out=np.zeros(influence.shape), where=total > 0)


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


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 40), st.integers(1, 20))
def test_a_bottleneck_equals_the_product_of_shares(seed: int, n_targets: int, n_middle: int, n_sources: int) -> None:
    random = np.random.default_rng(seed)
    outer, values = draw(random, n_targets, n_middle, 2, 2), draw(random, 3, 3, n_middle, low=0)
    inner, greatest = draw(random, n_middle, n_sources), draw(random, n_sources, low=0)
    least = -draw(random, n_sources, low=0)
    kernels = WindowedKernels.arrange(outer, ONE, (0, 0), ONE, 1)
    found = Strongest.make_empty(n_targets, n_sources)
    find_strongest_composed(kernels, values, PointwiseKernels.arrange(inner), (greatest, least, 0), found)
    through = np.maximum(np.maximum(inner * greatest, inner * least), 0)
    expected = divide(compute_windowed_influence(kernels, values).T) @ divide(through)
    table = np.zeros((n_targets, n_sources))
    used = found.strengths > 0
    table[np.nonzero(used)[0], found.sources[used]] = found.strengths[used]
    np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-7)
    assert (np.diff(found.strengths, axis=1) <= 0).all(), "strongest first"
