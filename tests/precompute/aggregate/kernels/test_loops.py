"""The loops behind the compiled kernels: the strongest sources over two convolutions, with a shortcut and without."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from precompute.aggregate.kernels.compiled import (
    NOTHING_PASSED,
    Chain,
    Passed,
    PointwiseKernels,
    Strongest,
    WindowedKernels,
    compute_windowed_influence,
    find_strongest_composed,
)

Floats = NDArray[np.float32]
ONE = (1, 1)


def draw(random: np.random.Generator, *shape: int, low: int = -3) -> Floats:
    """Draws small whole numbers, so that sums are exact."""
    return random.integers(low, 4, shape).astype(np.float32)


def divide(influence: Floats) -> NDArray[np.float64]:
    """Divides each row by its sum, in float64; a row of zeros stays."""
    total = influence.sum(1, keepdims=True, dtype=np.float64)
    return np.divide(influence, total, out=np.zeros(influence.shape), where=total > 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 40), st.integers(1, 20), st.booleans(), st.booleans())
def test_a_bottleneck_equals_the_product_of_shares(
    seed: int, n_targets: int, n_middle: int, n_sources: int, is_deep: bool, has_shortcut: bool
) -> None:
    random = np.random.default_rng(seed)
    outer, middle = draw(random, n_targets, n_middle, 2, 2), draw(random, 3, 3, n_middle, low=0)
    kernels = WindowedKernels.arrange(outer, ONE, (0, 0), ONE, 1)
    if is_deep:
        inner = WindowedKernels.arrange(draw(random, n_middle, n_sources, 2, 2), ONE, ONE, ONE, 1)
        read = draw(random, 4, 3, n_sources, low=0)
        chain = Chain(kernels, middle, inner, read)
        through = compute_windowed_influence(inner, read).T
    else:
        weight, greatest = draw(random, n_middle, n_sources), draw(random, n_sources, low=0)
        least = -draw(random, n_sources, low=0)
        chain = Chain(kernels, middle, PointwiseKernels.arrange(weight), (greatest, least))
        through = np.maximum(np.maximum(weight * greatest, weight * least), 0)
    direct = compute_windowed_influence(kernels, middle).T.astype(np.float64)
    arriving, total = direct @ divide(through), direct.sum(1)
    passed = NOTHING_PASSED
    if has_shortcut:
        passed = Passed(random.integers(-1, n_sources, n_targets), draw(random, n_targets))
        added = passed.greatest.clip(0)
        is_added = passed.sources >= 0
        arriving[np.flatnonzero(is_added), passed.sources[is_added]] += added[is_added]
        total = total + added
    expected = np.divide(arriving, total[:, None], out=np.zeros(arriving.shape), where=total[:, None] > 0)
    found = Strongest.make_empty(n_targets, n_sources)
    find_strongest_composed(chain, passed, 0, found)
    table = np.zeros((n_targets, n_sources))
    used = found.strengths > 0
    table[np.nonzero(used)[0], found.sources[used]] = found.strengths[used]
    np.testing.assert_allclose(table, expected, rtol=1e-5, atol=1e-7)
    assert (np.diff(found.strengths, axis=1) <= 0).all(), "strongest first"
