"""Dataset examples with what is known of their images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from summit_dash.payloads.numbers import shorten
from summit_dash.run.confusions import read_output_names
from summit_dash.run.examples import Example
from summit_dash.run.predictions import Prediction, read_predictions
from summit_dash.run.store import RunStore

__all__ = ["build_examples"]


def build_examples(store: RunStore, examples: Sequence[Example]) -> dict[str, list[Any]]:
    """Builds arrays along the examples.

    `box` is x0, y0, x1, y1 where the picture is a part of an image, else None. `image` says what the image is: its
    `class`, its `path`, the classes that it was `taken_for`, the `name` of an output that means none of them, the
    `probability` of that, and whether it is `right` (None where no output means the class). It is None where the run
    does not know the image.
    """
    found = read_predictions(store, {example.image_id for example in examples if example.image_id is not None})
    names = read_output_names(store) if any(not each.taken_for for each in found.values()) else {}
    return {
        "rank": [example.rank for example in examples],
        "image_id": [example.image_id for example in examples],
        "activation": [shorten(example.activation) for example in examples],
        "box": [example.box for example in examples],
        "image": [
            _describe(found.get(example.image_id), names) if example.image_id is not None else None
            for example in examples
        ],
    }


def _describe(prediction: Prediction | None, names: Mapping[int, str]) -> dict[str, Any] | None:
    if prediction is None:
        return None
    return {
        "class": prediction.class_id,
        "path": prediction.path,
        "taken_for": list(prediction.taken_for),
        "name": None if prediction.taken_for else names.get(prediction.output, f"output {prediction.output}"),
        "probability": shorten(prediction.predicted_probability, 3),
        "right": prediction.is_right,
    }
