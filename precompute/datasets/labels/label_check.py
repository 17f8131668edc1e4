"""Whether the images speak for another reading of their labels than the one that was taken."""

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
    """Images sorted by class: `class_id` and the most probable `output` of each, `(image,)`."""

    class_id: NDArray[np.int32]
    output: NDArray[np.int32]


def read_predictions(run: Path) -> Predictions:
    """Reads the predictions of a run from its table `images`."""
    table = read_table(run, "images", ["class_id", "predicted_class_id"])
    return Predictions(table["class_id"].to_numpy(), table["predicted_class_id"].to_numpy())


def check_labels(
    found: Predictions, used: Meaning, others: Mapping[str, ClassOutputs], n_outputs: int
) -> tuple[str, ...]:
    """Sentences on readings under which markedly more images would be right.

    A reading is markedly better if it gains 5 points and three standard errors of the difference, image by image, over
    the images whose class has an output in both. Of a guess, any other assignment of outputs to classes is tried as
    well: chosen on every other image, judged on the rest.

    Args:
        found: what the model predicted.
        used: the reading that was taken.
        others: the readings that fit the classes as well, by the word that `--class-outputs` has for them.
        n_outputs: of the model.
    """
    now = _hits(found, used.outputs)
    notes = []
    for way, outputs in others.items():
        then = _hits(found, outputs)
        both = _has_outputs(found, outputs) & _has_outputs(found, used.outputs)
        if _is_better(then[both], now[both]):
            notes.append(
                f"With --class-outputs {way}, {then[both].mean():.0%} of the images would be right; as the labels are "
                f"read now, {now[both].mean():.0%} are."
            )
    if not notes and used.is_guess:
        judged = _judged_half(found)
        then = _hits(found, _best_assignment(found, ~judged, n_outputs))
        if _is_better(then[judged], now[judged]):
            notes.append(
                f"With other outputs for the classes, {then[judged].mean():.0%} of the images would be right; as the "
                f"labels are read now, {now[judged].mean():.0%} are. The outputs are likely in another order: name "
                "them by --output-names FILE, or say which mean each class by --class-outputs FILE."
            )
    return tuple(notes)


def _hits(found: Predictions, outputs: ClassOutputs) -> Hits:
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


def _judged_half(found: Predictions) -> Hits:
    """Every other image of each class, the first not."""
    _, first = np.unique(found.class_id, return_index=True)
    starts = np.repeat(first, np.diff([*first.tolist(), len(found.class_id)]))
    return (np.arange(len(found.class_id)) - starts) % 2 == 1


def _best_assignment(found: Predictions, chosen: Hits, n_outputs: int) -> ClassOutputs:
    """One output for each class, none twice, by which most of the chosen images are right."""
    classes, rows = np.unique(found.class_id, return_inverse=True)
    if len(classes) * n_outputs > _MOST_CELLS:
        return {}
    counts = np.zeros((len(classes), n_outputs), np.int32)
    np.add.at(counts, (rows[chosen], found.output[chosen]), 1)
    of_row, outputs = linear_sum_assignment(counts, maximize=True)
    return {int(classes[row]): (int(output),) for row, output in zip(of_row, outputs, strict=True)}
