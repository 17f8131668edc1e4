from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from precompute.faithfulness.intervals import compute_mean_interval, compute_wilson_interval


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
