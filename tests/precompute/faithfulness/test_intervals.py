from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from precompute.faithfulness.intervals import compute_mean_interval, compute_paired_interval, compute_wilson_interval


@pytest.mark.parametrize(("successes", "n"), [(0, 5), (1, 1), (3, 20), (20, 20), (149, 150)])
def test_wilson_is_as_in_scipy(successes: int, n: int) -> None:
    low, high = compute_wilson_interval(successes / n, n)
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_means_are_as_in_scipy() -> None:
    values = np.random.default_rng(1).normal(size=(40, 2))
    low, high = compute_mean_interval(values)
    for column in range(2):
        found = stats.bootstrap(
            (values[:, column],), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(2)
        ).confidence_interval
        assert (low[column], high[column]) == pytest.approx((found.low, found.high), abs=0.03)


def test_a_single_image_has_no_interval() -> None:
    low, high = compute_mean_interval([[0.5, 0.25]])
    assert np.isnan(low).all() and np.isnan(high).all()


def test_equal_values_have_no_width() -> None:
    low, high = compute_mean_interval(np.full(7, -0.25))
    assert float(low) == pytest.approx(-0.25) and float(high) == pytest.approx(-0.25)


@pytest.mark.parametrize(("lost", "won", "n"), [(0, 0, 20), (5, 1, 20), (12, 0, 12), (3, 3, 50)])
def test_the_paired_interval_is_walds_with_half_an_image_more_in_each_cell(lost: int, won: int, n: int) -> None:
    before = np.arange(n) < n - won
    after = before.copy()
    after[:lost], after[n - won :] = False, True
    found, low, high = compute_paired_interval(before, after)
    b, c, total = lost + 0.5, won + 0.5, n + 2
    middle = (b - c) / total
    half = 1.959964 * ((b + c - (b - c) ** 2 / total) ** 0.5) / total
    assert found == pytest.approx((lost - won) / n)
    assert (low, high) == pytest.approx((max(-1, middle - half), min(1, middle + half)), abs=1e-6)
