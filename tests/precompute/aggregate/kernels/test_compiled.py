"""The compiled kernels of the CPU: weights in the order of the loops, tables of the strongest, extremes, counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from precompute.aggregate.kernels.activation import find_strongest_channels
from precompute.aggregate.kernels.compiled import (
    NOTHING_PASSED,
    Chain,
    Passed,
    PointwiseKernels,
    Strongest,
    WindowedKernels,
    compute_windowed_influence,
    count_pairs,
    find_channel_extremes,
    find_strongest_composed,
    find_strongest_of_rows,
    find_strongest_products,
    find_strongest_windowed,
    mark_strongest_channels,
)
from precompute.aggregate.kernels.vectors import LANES

Floats = NDArray[np.float32]


def draw(*shape: int, low: int = -3, seed: int = 0) -> Floats:
    """Draws small whole numbers, so that sums are exact."""
    return np.random.default_rng(seed).integers(low, 4, shape).astype(np.float32)


def arrange(weight: Floats, padding: int = 0, groups: int = 1) -> WindowedKernels:
    """Arranges a weight `(target, source, rows, columns)` of stride and dilation 1."""
    return WindowedKernels.arrange(weight, (1, 1), (padding, padding), (1, 1), groups)


def test_weights_are_arranged_by_source_and_tap_in_whole_vectors() -> None:
    weight = draw(LANES + 3, 2, 2, 3)
    kernels = arrange(weight)
    assert kernels.weight.shape == (2, 6, 2 * LANES)
    assert np.array_equal(kernels.weight[1, 4, : LANES + 3], weight[:, 1, 1, 1])
    assert not kernels.weight[:, :, LANES + 3 :].any(), "lanes without a target are 0"
    assert kernels.weight.ctypes.data % 64 == 0, "a vector within one line of the cache"


def test_the_panels_of_a_1x1_convolution_hold_targets_side_by_side() -> None:
    weight = draw(LANES + 1, 5)
    kernels = PointwiseKernels.arrange(weight)
    assert kernels.panels.shape == (2, 5, LANES)
    assert np.array_equal(kernels.panels[0], weight[:LANES].T)
    assert np.array_equal(kernels.panels[1, :, 0], weight[LANES]) and not kernels.panels[1, :, 1:].any()
    assert np.array_equal(kernels.by_source, weight.T)


def test_an_influence_is_the_greatest_response_and_zero_at_least() -> None:
    values = np.array([[[1.0], [-2.0]], [[3.0], [0.0]]], np.float32)  # (height, width, source)
    weight = np.array([2.0, -1.0, 0.0], np.float32).reshape(3, 1, 1, 1)
    assert compute_windowed_influence(arrange(weight), values).tolist() == [[6.0, 2.0, 0.0]]
    nothing = np.zeros_like(values)
    assert compute_windowed_influence(arrange(weight), nothing).tolist() == [[0.0, 0.0, 0.0]]


def test_targets_of_another_group_have_no_influence() -> None:
    values, weight = np.ones((3, 3, 4), np.float32), np.ones((6, 2, 2, 2), np.float32)
    found = compute_windowed_influence(arrange(weight, groups=2), values)
    assert found.tolist() == [[4, 4, 4, 0, 0, 0]] * 2 + [[0, 0, 0, 4, 4, 4]] * 2


def test_positive_weights_meet_the_greatest_value_and_negative_ones_the_least() -> None:
    weight = np.array([[1.0, -2.0, 3.0, 0.0], [-1.0, 0.5, 0.0, -1.0]], np.float32)
    greatest, least = np.array([2.0, 1.0, -1.0, 5.0], np.float32), np.array([0.0, -4.0, -2.0, 1.0], np.float32)
    found = Strongest.make_empty(2, 2)
    find_strongest_products(PointwiseKernels.arrange(weight), (greatest, least), 10, found)
    # Target 0: 1 x 2, -2 x -4 = 8, 3 x 0 (greatest below 0), 0. Target 1: -1 x 0, 0.5 x 1, 0, -1 x 0 (least above 0).
    assert found.strengths.tolist() == [[8, 2], [0.5, 0]]
    assert found.sources[0].tolist() == [11, 10] and found.sources[1, 0] == 11


@pytest.mark.parametrize("top_k", [1, 3, 7])
def test_ties_within_a_row_go_to_the_lower_source(top_k: int) -> None:
    rows = draw(LANES + 2, 40, low=0)
    found = find_strongest_of_rows(rows, top_k)
    for row, strengths, sources in zip(rows, found.strengths, found.sources, strict=True):
        order = sorted(range(40), key=lambda i, row=row: (-row[i], i))[:top_k]  # type: ignore[misc]
        assert sources.tolist() == order and strengths.tolist() == row[order].tolist()


def test_a_bottleneck_is_a_sum_of_products_of_shares() -> None:
    # Outer: from middle (2, 6) -> shares 1/4, 3/4. Inner: middle 0 from sources (1, 1), middle 1 from (3, 1).
    outer = arrange(np.array([2.0, 6.0], np.float32).reshape(1, 2, 1, 1))
    inner = PointwiseKernels.arrange(np.array([[1.0, 1.0], [3.0, 1.0]], np.float32))
    ones, found = np.ones(2, np.float32), Strongest.make_empty(1, 2)
    chain = Chain(outer, np.ones((1, 1, 2), np.float32), inner, (ones, 0 * ones))
    find_strongest_composed(chain, NOTHING_PASSED, 4, found)
    # Source 0: 1/4 x 1/2 + 3/4 x 3/4 = 11/16; source 1: 1/4 x 1/2 + 3/4 x 1/4 = 5/16.
    assert found.strengths.tolist() == [[11 / 16, 5 / 16]]
    assert found.sources.tolist() == [[4, 5]]


def test_a_silent_bottleneck_uses_no_rank() -> None:
    outer = arrange(np.ones((1, 2, 1, 1), np.float32))
    inner, ones = PointwiseKernels.arrange(np.ones((2, 2), np.float32)), np.ones(2, np.float32)
    found = Strongest.make_empty(1, 2)
    find_strongest_composed(
        Chain(outer, np.zeros((1, 1, 2), np.float32), inner, (ones, 0 * ones)), NOTHING_PASSED, 0, found
    )
    assert not found.strengths.any()


@pytest.mark.parametrize("top_k", [1, 4])
def test_the_strongest_of_a_convolution_are_those_of_its_influences(top_k: int) -> None:
    kernels, values = arrange(draw(LANES + 3, 20, 3, 3), padding=1), draw(6, 5, 20, seed=1)
    found = Strongest.make_empty(LANES + 3, top_k)
    find_strongest_windowed(kernels, values, 7, found)
    expected = find_strongest_of_rows(np.ascontiguousarray(compute_windowed_influence(kernels, values).T), top_k)
    assert np.array_equal(found.strengths, expected.strengths)
    used = found.strengths > 0
    assert np.array_equal(found.sources[used], expected.sources[used] + 7)


def test_a_shortcut_adds_what_it_passes_before_shares_are_taken() -> None:
    # Target 0: middle (2, 6), of which source 0 has 1/2 and 3/4, so 5.5 of 8; the shortcut adds 2 to source 2.
    # Target 1: middle (1, 1), so 1.25 and 0.75 of 2; a shortcut that passes less than 0 adds nothing.
    outer = arrange(np.array([2.0, 6.0, 1.0, 1.0], np.float32).reshape(2, 2, 1, 1))
    inner = PointwiseKernels.arrange(np.array([[1.0, 1.0, 0.0], [3.0, 1.0, 0.0]], np.float32))
    ones = np.ones(3, np.float32)
    chain = Chain(outer, np.ones((1, 1, 2), np.float32), inner, (ones, 0 * ones))
    found = Strongest.make_empty(2, 3)
    find_strongest_composed(chain, Passed(np.array([2, 0]), np.array([2.0, -1.0], np.float32)), 0, found)
    np.testing.assert_allclose(found.strengths, [[5.5 / 10, 2.5 / 10, 2 / 10], [1.25 / 2, 0.75 / 2, 0]], rtol=1e-6)
    assert found.sources[0].tolist() == [0, 1, 2] and found.sources[1, :2].tolist() == [0, 1]


def test_a_shortcut_passes_a_source_that_nothing_else_reads() -> None:
    outer, nothing = arrange(np.ones((1, 1, 1, 1), np.float32)), np.zeros(2, np.float32)
    inner = PointwiseKernels.arrange(np.ones((1, 2), np.float32))
    chain = Chain(outer, np.zeros((1, 1, 1), np.float32), inner, (nothing, nothing))
    found = Strongest.make_empty(1, 2)
    find_strongest_composed(chain, Passed(np.array([1]), np.array([3.0], np.float32)), 0, found)
    assert found.strengths.tolist() == [[1, 0]] and found.sources[0, 0] == 1


@pytest.mark.parametrize("mass", [0.03, 0.5, 0.9, 1.0])
def test_the_strongest_channels_of_each_layer_reach_the_mass(mass: float) -> None:
    activation, ends = draw(60), np.array([20, 21, 60])
    marked = mark_strongest_channels(activation, ends, mass)
    for layer, expected in zip(np.split(activation, ends[:-1]), np.split(marked, ends[:-1]), strict=True):
        assert np.array_equal(find_strongest_channels(torch.from_numpy(layer)[None], mass)[0].numpy(), expected)


def test_rows_are_selected_as_a_view() -> None:
    found = Strongest.make_empty(3, 2)
    found.select(slice(1, 3)).strengths[0] = 7
    assert found.strengths.tolist() == [[0, 0], [7, 7], [0, 0]]


@pytest.mark.parametrize("n_channels", [1, LANES - 1, LANES, LANES + 1, 3 * LANES, 5 * LANES + 7])
def test_any_number_of_channels_has_its_extremes(n_channels: int) -> None:
    values = draw(40, n_channels)
    found = find_channel_extremes(values)
    assert np.array_equal(found.greatest, values.max(0)) and np.array_equal(found.least, values.min(0))
    assert np.array_equal(found.position, values.argmax(0))
    values[39, n_channels // 2] = -np.inf
    assert np.flatnonzero(np.isnan(find_channel_extremes(values).least)).tolist() == [n_channels // 2]


def test_extremes_and_the_first_position_of_the_greatest() -> None:
    found = find_channel_extremes(np.array([[1.0, -1.0], [4.0, -3.0], [4.0, -1.0]], np.float32))
    assert found.greatest.tolist() == [4, -1] and found.least.tolist() == [1, -3]
    assert found.position.tolist() == [1, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_channel_with_a_value_that_is_no_finite_number_has_no_extremes(value: float) -> None:
    values = np.array([[1.0, 1.0], [value, 2.0], [3.0, 0.0]], np.float32)
    found = find_channel_extremes(values)
    assert np.isnan(found.greatest).tolist() == np.isnan(found.least).tolist() == [True, False]


def test_counting_adds_the_used_ranks_to_what_is_there() -> None:
    count, total = np.ones((2, 3), np.int32), np.ones((2, 3))
    strengths, sources = np.array([[2.0, 0.5], [4.0, 0.0]], np.float32), np.array([[2, 0], [1, 1]])
    count_pairs(strengths, sources, count, total)
    assert count.tolist() == [[2, 1, 2], [1, 2, 1]]
    assert total.tolist() == [[1.5, 1, 3], [1, 5, 1]]
