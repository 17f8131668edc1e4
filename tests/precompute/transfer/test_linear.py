"""Linear heads: equal to a plain descent, blind to what is held out, and the same however features are turned."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.transfer.config import TransferConfig
from precompute.transfer.folds import assign_folds
from precompute.transfer.heads import evaluate_fold
from precompute.transfer.linear import compute_log_loss, fit_head
from tests.reference.transfer import fit_regression


def make(n: int, d: int, n_classes: int, gap: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    centres = chance.normal(size=(n_classes, d))
    features = 3 + 5 * (gap * centres[labels] + chance.normal(size=(n, d)))
    return features.astype(np.float32), labels


@pytest.mark.parametrize(("n", "d", "n_classes"), [(60, 4, 3), (60, 4, 2), (30, 50, 3), (30, 50, 2)])
@pytest.mark.parametrize("penalty", [1.0, 0.01])
def test_a_head_equals_a_plain_descent(n: int, d: int, n_classes: int, penalty: float) -> None:
    features, labels = make(n, d, n_classes, 0.3)
    head = fit_head(features, labels, [penalty], 3, 0)
    # Two classes have one vector of weights, of which the reference has both signs, each half as large.
    expected = fit_regression(features.astype(np.float64), labels, 2 * penalty if n_classes == 2 else penalty)
    assert head.weight.shape == (n_classes, d)
    np.testing.assert_allclose(head.predict(features), expected, atol=0.004)


def test_a_constant_feature_is_harmless() -> None:
    features, labels = make(40, 3, 2, 1.0)
    with_constant = np.concatenate([features, np.full((40, 1), 7.3, np.float32)], 1)
    expected = fit_head(features, labels, [0.1], 3, 0).predict(features)
    np.testing.assert_allclose(fit_head(with_constant, labels, [0.1], 3, 0).predict(with_constant), expected, atol=1e-4)


def test_noise_takes_the_strongest_penalty_and_a_clear_gap_a_weak_one() -> None:
    penalties = (10.0, 1.0, 0.1, 0.01)
    noise, labels = make(90, 40, 3, 0.0)
    assert fit_head(noise, labels, penalties, 3, 0).penalty == 10.0
    clear, labels = make(90, 5, 3, 4.0)
    assert fit_head(clear, labels, penalties, 3, 0).penalty == 0.01


def test_a_class_with_one_image_leaves_no_choice() -> None:
    features, labels = make(2, 3, 2, 1.0)
    assert fit_head(features, labels, (10.0, 0.1, 0.001), 3, 0).penalty == 0.1


def test_noise_is_not_learned_though_heads_could_fit_it() -> None:
    config, shares = TransferConfig(n_folds=4, penalties=(0.1, 0.001)), []
    for seed in range(6):
        features, labels = make(48, 100, 2, 0.0, seed)
        folds = assign_folds(labels, 4, seed)
        for fold in range(4):
            probabilities, _ = evaluate_fold(features, labels, folds, fold, config)
            shares.append((probabilities.argmax(1) == labels[folds == fold]).mean())
    assert abs(np.mean(shares) - 0.5) < 3.3 * 0.5 / (6 * 48) ** 0.5


def test_images_held_out_do_not_change_the_head() -> None:
    features, labels = make(40, 6, 2, 0.5)
    folds = assign_folds(labels, 4, 0)
    config = TransferConfig(n_folds=4, penalties=(0.1,))
    before, _ = evaluate_fold(features, labels, folds, 1, config)
    changed = features.copy()
    place = int(np.flatnonzero(folds == 1)[0])
    changed[place] = 1e4
    after, _ = evaluate_fold(changed, labels, folds, 1, config)
    np.testing.assert_array_equal(after[1:], before[1:])


def test_the_loss_of_a_certain_error_is_finite() -> None:
    assert compute_log_loss(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 0])) == 0
    assert 100 < compute_log_loss(np.array([[1.0, 0.0]]), np.array([1])) < np.inf


def test_a_channel_that_speaks_on_a_held_out_image_alone_does_not_decide_it() -> None:
    features, labels = make(60, 5, 3, 4.0)
    silent = np.random.default_rng(0).normal(0, 1e-7, (60, 1)).astype(np.float32)
    head = fit_head(np.concatenate([features, silent], 1), labels, [0.01], 3, 0)
    speaking = np.concatenate([features, np.full((60, 1), 20, np.float32)], 1)
    assert (head.predict(speaking).argmax(1) == labels).all()
    assert compute_log_loss(head.predict(speaking), labels) < 0.5
