"""The rows of a result's tables, from what was found for each cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from precompute.contract.labelled import LabelledClass, LabelledImage
from precompute.transfer.advice import Advice
from precompute.transfer.config import POOLINGS
from precompute.transfer.heads import HeldOut
from precompute.transfer.linear import compute_log_loss
from precompute.transfer.scores import Score, compute_class_scores, compute_macro_f1, compute_score
from precompute.transfer.training import Task

__all__ = [
    "build_class_rows",
    "build_cut_row",
    "build_fold_rows",
    "build_image_rows",
    "build_prediction_columns",
    "mark",
]

Row = dict[str, Any]


def build_cut_row(key: Row, cut: Mapping[str, Any], pooling: str, found: HeldOut, task: Task) -> Row:
    """Builds the row of a cut in `cuts`, but for its place in the advice.

    Args:
        key: model, cut and cut_index.
        cut: the manifest's entry of the cut.
        pooling: one of `POOLINGS`.
        found: its predictions.
        task: the images.
    """
    predicted = found.probabilities.argmax(1)
    score = compute_score(task.labels, predicted)
    n_features = cut["n_channels"] * (2 if pooling == POOLINGS[2] else 1)
    return {
        **key,
        **{name: cut[name] for name in ("n_channels", "height", "width", "milliseconds")},
        "n_images": score.n,
        **_describe(score),
        "standard_error": score.standard_error,
        "macro_f1": compute_macro_f1(task.labels, predicted, task.n_classes),
        "log_loss": compute_log_loss(found.probabilities.astype(np.float64), task.labels),
        "logme": found.logme,
        "parameters": cut["parameters"] + (n_features + 1) * task.n_classes,
        "multiply_adds": cut["multiply_adds"] + n_features * task.n_classes,
    }


def mark(rows: Sequence[Row], advice: Advice) -> None:
    """Notes in the rows of `cuts` what the advice says of each."""
    for place, row in enumerate(rows):
        row["is_best"] = place == advice.best
        row["is_within"] = place in advice.within
        row["is_advised"] = place == advice.advised
        row["is_on_front"] = place in advice.front


def build_fold_rows(key: Row, found: HeldOut, task: Task) -> list[Row]:
    """Builds the rows of a cut in `folds`."""
    predicted, rows = found.probabilities.argmax(1), []
    for fold, penalty in enumerate(found.penalties):
        held = task.folds == fold
        rows.append(
            {
                **key,
                "fold": fold,
                "n_images": int(held.sum()),
                "accuracy": float((predicted[held] == task.labels[held]).mean()),
                "macro_f1": compute_macro_f1(task.labels[held], predicted[held], task.n_classes),
                "penalty": float(penalty),
            }
        )
    return rows


def build_class_rows(key: Row, found: HeldOut, task: Task, classes: Sequence[LabelledClass]) -> list[Row]:
    """Builds the rows of a cut in `class_accuracy`."""
    scores = compute_class_scores(task.labels, found.probabilities.argmax(1), task.n_classes)
    return [
        {**key, "class_id": each.class_id, "n_images": score.n, **_describe(score)}
        for each, score in zip(classes, scores, strict=True)
    ]


def build_prediction_columns(key: Row, found: HeldOut, task: Task, classes: Sequence[LabelledClass]) -> Row:
    """Builds the columns of a cut in `predictions`."""
    class_ids = np.array([each.class_id for each in classes])
    predicted = found.probabilities.argmax(1)
    places = np.arange(len(predicted))
    return {
        **{name: [value] * len(predicted) for name, value in key.items()},
        "image_id": task.kept,
        "fold": task.folds,
        "class_id": class_ids[task.labels],
        "predicted_class_id": class_ids[predicted],
        "predicted_probability": found.probabilities[places, predicted],
        "true_probability": found.probabilities[places, task.labels],
    }


def build_image_rows(images: Sequence[LabelledImage], task: Task) -> list[Row]:
    """Builds the rows of `images` from those of the source."""
    return [
        {"image_id": number, "class_id": images[number].class_id, "path": images[number].path, "fold": int(fold)}
        for number, fold in zip(task.kept.tolist(), task.folds, strict=True)
    ]


def _describe(score: Score) -> Row:
    return {"accuracy": score.accuracy, "ci_low": score.low, "ci_high": score.high}
