from __future__ import annotations

import numpy as np
import pytest

from precompute.transfer.scores import compute_class_scores, compute_macro_f1, compute_score

LABELS, PREDICTED = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 0])


def test_scores_are_over_images_and_by_class() -> None:
    score = compute_score(LABELS, PREDICTED)
    assert (score.n, score.accuracy) == (6, pytest.approx(4 / 6))
    assert score.low < score.accuracy < score.high
    assert [each.accuracy for each in compute_class_scores(LABELS, PREDICTED, 3)] == pytest.approx([2 / 3, 1, 0])


def test_macro_f1_counts_every_class_alike() -> None:
    assert compute_macro_f1(LABELS, PREDICTED, 3) == pytest.approx((2 / 3 + 0.8 + 0) / 3)


def test_a_perfect_score_has_an_error_too() -> None:
    assert compute_score(LABELS, LABELS).standard_error > 0.05
