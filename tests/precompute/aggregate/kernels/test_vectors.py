"""The innermost loops, each alone, compiled by numba for this test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from precompute.aggregate.kernels import vectors
from precompute.aggregate.kernels.vectors import COLUMNS, LANES, ROWS

Floats = NDArray[np.float32]


def compile_call(intrinsic: Any, n_arguments: int) -> Callable[..., Any]:
    """Compiles a function that does nothing but call an intrinsic."""
    names = ", ".join(f"a{index}" for index in range(n_arguments))
    namespace: dict[str, Any] = {"intrinsic": intrinsic}
    exec(f"def call({names}):\n    return intrinsic({names})", namespace)
    return njit(namespace["call"])


@pytest.fixture(scope="module")
def enter() -> Callable[..., Any]:
    return compile_call(vectors.enter, 5)


def test_bits_are_counted_over_all_64() -> None:
    count = compile_call(vectors.count_bits, 1)
    assert [count(np.uint64(mask)) for mask in (0, 1, 0b1011, 2**63, 2**64 - 1)] == [0, 1, 3, 1, 64]


def test_rows_enter_a_list_strongest_first_and_later_ones_lose_ties(enter: Callable[..., Any]) -> None:
    panel = np.zeros((4, LANES), np.float32)
    panel[:, 0] = [2, 5, 2, 5]
    panel[:, 1] = [-1, 1, -3, 0]
    kept, names = np.zeros((3, LANES), np.float32), np.full((3, LANES), -1, np.int32)
    for row in range(4):
        enter(panel, row, (np.float32(1), np.float32(-2)), row + 10, (kept, names))
    assert kept[:, 0].tolist() == [5, 5, 2] and names[:, 0].tolist() == [11, 13, 10]
    # A negative entry is multiplied by -2: 2, 1, 6, 0.
    assert kept[:, 1].tolist() == [6, 2, 1] and names[:, 1].tolist() == [12, 10, 11]
    assert not kept[:, 2:].any() and (names[:, 2:] == -1).all(), "a product of 0 beats no empty rank"


def test_peaks_are_raised_only_by_greater_products() -> None:
    raise_peak = compile_call(vectors.raise_peak, 5)
    panel, peaks = np.full((2, LANES), 3, np.float32), np.full((2, LANES), 5, np.float32)
    panel[1, 0] = -1
    raise_peak(panel, 1, (np.float32(2), np.float32(-9)), peaks, 1)
    assert peaks[1].tolist() == [9] + [6] * (LANES - 1)
    assert (peaks[0] == 5).all(), "of another group"


@pytest.mark.parametrize("n_vectors", range(1, COLUMNS + 1))
def test_a_tile_of_a_product_of_matrices(n_vectors: int) -> None:
    multiply_tile = compile_call(vectors.multiply_tile, 5)
    random = np.random.default_rng(n_vectors)
    left = random.integers(-3, 4, (2 * ROWS, 7)).astype(np.float32)
    right = random.integers(-3, 4, (7, (COLUMNS + 1) * LANES)).astype(np.float32)
    product = np.full((COLUMNS, 2 * ROWS, LANES), 99, np.float32)
    multiply_tile(left, right, 5, (ROWS, LANES, n_vectors), product)
    expected = left[ROWS:, :5] @ right[:5, LANES : (1 + n_vectors) * LANES]
    found = product[:n_vectors, ROWS:].transpose(1, 0, 2).reshape(ROWS, -1)
    assert np.array_equal(found, expected)
    assert (product[:, :ROWS] == 99).all() and (product[n_vectors:] == 99).all(), "nothing else is written"
