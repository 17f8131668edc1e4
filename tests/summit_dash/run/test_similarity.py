from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from summit_dash.run.similarity import compute_cosine, compute_cosines, normalize_rows
from tests.reference.similarity import compute_similarities


def test_the_cosine_ignores_the_number_of_images() -> None:
    assert compute_cosine(np.array([3, 4, 0]), np.array([6, 8, 0])) == pytest.approx(1)
    assert compute_cosine(np.array([3, 4, 0]), np.array([3, 0, 4])) == pytest.approx(9 / 25)
    assert compute_cosine(np.array([3, 4, 0]), np.array([0, 0, 5])) == 0


def test_a_class_without_activations_is_like_no_class() -> None:
    empty, full = np.zeros(3, np.int32), np.array([1, 2, 3])
    assert compute_cosine(empty, full) == compute_cosine(empty, empty) == 0
    assert normalize_rows(np.stack([empty, full]))[0].tolist() == [0, 0, 0]


@given(arrays(np.int32, (4, 5), elements=st.integers(0, 50_000)))
def test_products_of_normalized_rows_are_cosines(counts: np.ndarray) -> None:
    unit = normalize_rows(counts)
    for row in range(4):
        expected = compute_similarities(counts, row)
        assert (unit @ unit[row]).tolist() == pytest.approx(expected.tolist(), abs=1e-5)
        assert [compute_cosine(counts[row], other) for other in counts] == pytest.approx(expected.tolist())


@pytest.mark.parametrize("n_active", [0, 1, 3, 12])
def test_a_row_of_few_channels_has_the_same_cosines(n_active: int) -> None:
    counts = np.random.default_rng(7).integers(1, 50, (6, 12)).astype(np.int32)
    counts[2, n_active:] = 0
    units = normalize_rows(counts)
    for kept in (units, np.asfortranarray(units)):
        cosines = compute_cosines(kept, 2)
        assert cosines.tolist() == pytest.approx(compute_similarities(counts, 2).tolist(), abs=1e-6)
