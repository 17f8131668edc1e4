from __future__ import annotations

import numpy as np
import pytest

from precompute.transfer.logme import compute_logme
from tests.reference.transfer import compute_evidence


@pytest.mark.parametrize(("n", "d"), [(30, 4), (20, 12)])
def test_it_is_the_greatest_evidence(n: int, d: int) -> None:
    chance = np.random.default_rng(3)
    labels = np.arange(n) % 3
    features = (chance.normal(size=(n, d)) + 0.8 * np.eye(3, d)[labels]).astype(np.float32)
    expected = np.mean([compute_evidence(features.astype(float), (labels == c).astype(float)) for c in range(3)])
    assert compute_logme(features, labels) == pytest.approx(expected, abs=2e-3)


def test_features_that_separate_have_more_of_it() -> None:
    chance = np.random.default_rng(0)
    labels = np.arange(60) % 3
    noise = chance.normal(size=(60, 8))
    values = [compute_logme((noise + gap * np.eye(3, 8)[labels]).astype(np.float32), labels) for gap in (0, 1, 3)]
    assert values == sorted(values)
