"""A check of the labels: the predictions may fit another reading of them better than the one that is used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from precompute.contract.schema import read_table
from precompute.datasets.labels.label_outputs import Meaning

__all__ = ["Predictions", "check_labels", "read_predictions"]

_LEAST_GAIN = 0.05
_STANDARD_ERRORS = 3.0
_MOST_CELLS = 50_000_000
ClassOutputs = Mapping[int, tuple[int, ...]]
Hits = NDArray[np.bool_]


class Predictions(NamedTuple):
    """The predictions for images sorted by class: `class_id` and most probable `output` of each, `(image,)`."""

    class_id: NDArray[np.int32]
    output: NDArray[np.int32]


def read_predictions(run: Path) -> Predictions:
    """Reads the predictions of a run from its table `images`."""
    table = read_table(run, "images", ["class_id", "predicted_class_id"])
    return Predictions(table["class_id"].to_numpy(), table["predicted_class_id"].to_numpy())


def check_labels(
    found: Predictions, used: Meaning, others: Mapping[str, ClassOutputs], n_outputs: int
) -> tuple[str, ...]:
    """Writes a sentence for every reading with which markedly more images would be right.

    A reading is markedly better if its accuracy gains more than 5 points and more than three standard errors of the
    difference, taken image by image over the images whose class has an output in both readings. If the reading used is
    a guess and no other is better, the best assignment of outputs to classes is tried too: it is chosen on every other
    image and judged on the rest.

    Args:
        found: the model's predictions.
        used: the reading that is used.
        others: the other readings that fit the classes, by their word for `--class-outputs`.
        n_outputs: number of the model's outputs.
    """
    now = _find_hits(found, used.outputs)
    notes = []
    for way, outputs in others.items():
        then = _find_hits(found, outputs)
        both = _has_outputs(found, outputs) & _has_outputs(found, used.outputs)
        if _is_better(then[both], now[both]):
            notes.append(
                f"With --class-outputs {way}, {then[both].mean():.0%} of the images would be right; as the labels are "
                f"read now, {now[both].mean():.0%} are."
            )
    if not notes and used.is_guess:
        judged = _choose_judged_half(found)
        then = _find_hits(found, _find_best_assignment(found, ~judged, n_outputs))
        if _is_better(then[judged], now[judged]):
            notes.append(
                f"With other outputs for the classes, {then[judged].mean():.0%} of the images would be right; as the "
                f"labels are read now, {now[judged].mean():.0%} are. The outputs are likely in another order: name "
                "them by --output-names FILE, or say which mean each class by --class-outputs FILE."
            )
    return tuple(notes)


def _find_hits(found: Predictions, outputs: ClassOutputs) -> Hits:
    hits = np.zeros(len(found.class_id), np.bool_)
    for class_id in np.unique(found.class_id).tolist():
        of_class = found.class_id == class_id
        hits[of_class] = np.isin(found.output[of_class], outputs.get(class_id, ()))
    return hits


def _has_outputs(found: Predictions, outputs: ClassOutputs) -> Hits:
    return np.isin(found.class_id, list(outputs))


def _is_better(then: Hits, now: Hits) -> bool:
    gain = then.astype(np.float64) - now
    if not len(gain):
        return False
    error = gain.std() / np.sqrt(len(gain))
    return bool(gain.mean() > max(_LEAST_GAIN, _STANDARD_ERRORS * error))


def _choose_judged_half(found: Predictions) -> Hits:
    """Marks every other image of each class, beginning with its second, `(image,)`."""
    _, first = np.unique(found.class_id, return_index=True)
    starts = np.repeat(first, np.diff([*first.tolist(), len(found.class_id)]))
    return (np.arange(len(found.class_id)) - starts) % 2 == 1


def _find_best_assignment(found: Predictions, chosen: Hits, n_outputs: int) -> ClassOutputs:
    """Finds the assignment of different outputs to the classes that makes most of the chosen images right."""
    classes, rows = np.unique(found.class_id, return_inverse=True)
    if len(classes) * n_outputs > _MOST_CELLS:
        return {}
    counts = np.zeros((len(classes), n_outputs), np.int32)
    np.add.at(counts, (rows[chosen], found.output[chosen]), 1)
    of_row, outputs = linear_sum_assignment(counts, maximize=True)
    return {int(classes[row]): (int(output),) for row, output in zip(of_row, outputs, strict=True)}
