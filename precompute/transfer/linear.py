"""Linear heads: multinomial logistic regression on standardised features, its penalty chosen by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.transfer.folds import assign_folds

__all__ = ["LinearHead", "compute_log_loss", "fit_head"]

Floats = NDArray[np.float64]
_MIDDLE_PENALTY = 0.1
"""The penalty where a class has one training image, so that none can be held out to choose by."""
_MOST_STEPS = 300
_LEAST_SCALE = 0.01


@dataclass(frozen=True)
class LinearHead:
    """A linear map from features, as they are stored, to the logits of the classes.

    Attributes:
        weight: `(class, feature)`.
        bias: `(class,)`.
        penalty: the chosen one, per training image.
    """

    weight: Floats
    bias: Floats
    penalty: float

    def predict(self, features: NDArray[np.float32] | Floats) -> Floats:
        """Computes the probabilities of images, `(image, class)`."""
        logits = features @ self.weight.T + self.bias
        shifted = np.exp(logits - logits.max(1, keepdims=True))
        probabilities: Floats = shifted / shifted.sum(1, keepdims=True)
        return probabilities


def fit_head(
    features: NDArray[np.float32], labels: NDArray[np.int64], penalties: Sequence[float], n_inner: int, seed: int
) -> LinearHead:
    """Trains a head, with that penalty whose heads had the smallest log-loss on inner folds held out.

    Everything, the standardisation included, is computed from the images that are given, and inside the inner folds
    from their training part alone.

    Args:
        features: `(image, feature)`.
        labels: `(image,)`, from 0, every class at least once.
        penalties: candidates, strongest first; of equal ones the strongest is taken.
        n_inner: inner folds, fewer where a class has fewer images.
        seed: of the inner folds.
    """
    features64 = features.astype(np.float64)
    penalty = _choose_penalty(features64, labels, penalties, n_inner, seed)
    path = [each for each in penalties if each >= penalty] or [penalty]
    *_, head = _fit_path(features64, labels, path)
    return head


def compute_log_loss(probabilities: Floats, labels: NDArray[np.int64]) -> float:
    """Computes the mean of -log p(label), probabilities no smaller than the smallest float."""
    own = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(own, np.finfo(np.float64).tiny)).mean())


def _choose_penalty(
    features: Floats, labels: NDArray[np.int64], penalties: Sequence[float], n_inner: int, seed: int
) -> float:
    n_inner = min(n_inner, int(np.bincount(labels).min()))
    if n_inner < 2 or len(penalties) == 1:
        return penalties[0] if len(penalties) == 1 else _MIDDLE_PENALTY
    folds = assign_folds(labels, n_inner, seed)
    losses = np.zeros(len(penalties))
    for fold in range(n_inner):
        held = folds == fold
        for place, head in enumerate(_fit_path(features[~held], labels[~held], penalties)):
            losses[place] += compute_log_loss(head.predict(features[held]), labels[held])
    return penalties[int(np.argmin(losses))]


def _fit_path(features: Floats, labels: NDArray[np.int64], penalties: Sequence[float]) -> Iterator[LinearHead]:
    """Yields a head for each penalty, each begun from the one before.

    Where there are more features than images, the features are turned into as many as there are images. The penalty is
    the same in all directions, so the head is the same one (Hastie, Tibshirani & Friedman 2009, section 18.3.5).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    mean, scale = features.mean(0), _compute_scale(features)
    standardised = (features - mean) / scale
    turn = None
    if standardised.shape[1] > len(standardised):
        turn, lower = np.linalg.qr(standardised.T)
        standardised = lower.T
    model = LogisticRegression(max_iter=_MOST_STEPS, warm_start=True)
    for penalty in penalties:
        model.set_params(C=1 / (penalty * len(labels)))
        with warnings.catch_warnings():
            # Weak penalties on separable classes have no end; what counts is the loss on what was held out.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(standardised, labels)
        weight, bias = model.coef_, model.intercept_
        if len(weight) == 1:  # two classes: one logit
            weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        turned = weight if turn is None else weight @ turn.T
        yield LinearHead(turned / scale, bias - (turned / scale) @ mean, penalty)


def _compute_scale(features: Floats) -> Floats:
    """Computes the deviation of every feature, no smaller than a hundredth of the median of those that vary.

    A channel that is silent on all training images may speak on one held out. Divided by a deviation of almost 0, it
    would decide alone.
    """
    deviations = features.std(0)
    varying = deviations[deviations > 0]
    least = _LEAST_SCALE * float(np.median(varying)) if len(varying) else 1.0
    scale: Floats = np.maximum(deviations, least)
    return scale
