"""Predictions for single images: what each is, what the model took it for, and whether that is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import pyarrow.compute as pc

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from summit_dash.run.confusions import require_outputs
from summit_dash.run.store import RunStore

__all__ = ["COLUMNS", "Prediction", "build_prediction", "read_predictions"]

COLUMNS = ("image_id", "class_id", "path", "predicted_class_id", "predicted_probability", "true_probability")
"""Columns of the table of images that a prediction is built of."""


class Prediction(NamedTuple):
    """An image with what the model took it for.

    Attributes:
        image_id: the image.
        class_id: its class.
        path: its path relative to the image source.
        output: the most probable output.
        taken_for: the run's classes that the output means; empty where it means none of them.
        predicted_probability: probability of the output, from 0 to 1.
        true_probability: probability of the image's own class; None where the run does not state it.
        is_right: whether the output means the class; None where no output means it.
    """

    image_id: int
    class_id: int
    path: str
    output: int
    taken_for: tuple[int, ...]
    predicted_probability: float
    true_probability: float | None
    is_right: bool | None


def build_prediction(row: Mapping[str, Any], outputs: Mapping[int, Collection[int]]) -> Prediction:
    """Builds the prediction of a row of `COLUMNS`; `outputs` are those that mean each class."""
    output, own = row["predicted_class_id"], outputs.get(row["class_id"])
    return Prediction(
        image_id=row["image_id"],
        class_id=row["class_id"],
        path=row["path"],
        output=output,
        taken_for=tuple(class_id for class_id, found in outputs.items() if output in found),
        predicted_probability=row["predicted_probability"],
        true_probability=row["true_probability"],
        is_right=output in own if own else None,
    )


def read_predictions(store: RunStore, image_ids: Collection[int]) -> dict[int, Prediction]:
    """Reads the predictions of images, by image_id; none where the run does not hold its images, as imported ones."""
    if not image_ids or not store.has("images"):
        return {}
    try:
        outputs = require_outputs(store)
    except InputError:  # the outputs of the model are not the classes of the run
        outputs = {}
    rows = read_table(store.path, "images", COLUMNS, pc.field("image_id").isin(sorted(image_ids))).to_pylist()
    return {row["image_id"]: build_prediction(row, outputs) for row in rows}
