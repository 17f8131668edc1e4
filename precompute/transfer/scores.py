"""The scores of a cut from what was predicted for images held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.faithfulness.intervals import compute_wilson_interval

__all__ = ["Score", "compute_class_scores", "compute_macro_f1", "compute_score"]

_Z = 1.959963984540054


@dataclass(frozen=True)
class Score:
    """An accuracy over `n` images with Wilson's interval of 95 %, from `low` to `high`."""

    n: int
    accuracy: float
    low: float
    high: float

    @property
    def standard_error(self) -> float:
        """Half of the interval over 1.96, which is greater than 0 also where the accuracy is 0 or 1."""
        return (self.high - self.low) / (2 * _Z)


def compute_score(labels: NDArray[np.int64], predicted: NDArray[np.int64]) -> Score:
    """Computes the accuracy of predictions, `(image,)` each, at least one."""
    accuracy = float((labels == predicted).mean())
    low, high = compute_wilson_interval(accuracy, len(labels))
    return Score(len(labels), accuracy, float(low), float(high))


def compute_macro_f1(labels: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> float:
    """Computes the mean over classes of the harmonic mean of precision and recall; 0 for a class never found."""
    from sklearn.metrics import f1_score

    return float(f1_score(labels, predicted, labels=np.arange(n_classes), average="macro", zero_division=0))


def compute_class_scores(labels: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int) -> list[Score]:
    """Computes the accuracy on the images of each class, of which there is at least one."""
    return [compute_score(labels[labels == each], predicted[labels == each]) for each in range(n_classes)]
