"""The mean over images and its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from precompute.explanations.metrics.bootstrap import estimate_mean


def test_the_interval_is_that_of_the_normal_distribution_for_many_images() -> None:
    values = np.random.default_rng(3).normal(2.0, 1.0, 400)
    found = estimate_mean(values)
    assert found is not None and found.ci_low is not None and found.ci_high is not None
    assert found.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / 20
    assert (found.value - found.ci_low, found.ci_high - found.value) == (pytest.approx(half, rel=0.1),) * 2
    assert found.n_images == 400
    assert estimate_mean(values) == found, "one seed, one interval"


def test_a_single_image_has_no_interval() -> None:
    found = estimate_mean([0.25, math.nan])
    assert found is not None
    assert (found.value, found.ci_low, found.ci_high, found.n_images) == (0.25, None, None, 1)


def test_images_without_a_value_do_not_count() -> None:
    assert estimate_mean([math.nan]) is None
    assert estimate_mean([]) is None
    found = estimate_mean([1.0, math.nan, 1.0])
    assert found is not None
    assert (found.value, found.ci_low, found.ci_high, found.n_images) == (1.0, 1.0, 1.0, 2)
