"""The images of a class that the model took for something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from precompute.contract.schema import ALL_CLASSES
from summit_dash.payloads.numbers import shorten
from summit_dash.run.confusions import read_output_names
from summit_dash.run.misclassified import Part, find_parts, list_misclassified
from summit_dash.run.predictions import Prediction
from summit_dash.run.store import RunStore

__all__ = ["MOST", "build_misclassified"]

MOST = 120
"""Number of images that are sent at most, the most probable predictions first."""


def build_misclassified(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds `images`, `n_wrong` of the class, and `n_pictures`: of how many of `images` the run has a picture.

    `taken_for` of an image lists classes; where it is empty, `name` may name the `output`. `picture` is None, or has
    the kind `image`, or the kind `part` with the address of a dataset example.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    found = list_misclassified(store, class_id)
    sent, kept = found[:MOST], store.pictures.kept_examples.images
    parts = find_parts(store, class_id, [each.image_id for each in sent if not kept.holds(each.image_id)])
    names = read_output_names(store) if any(not each.taken_for for each in sent) else {}
    images = [_build_image(store, each, parts, names) for each in sent]
    return {
        "n": store.classes[class_id].n_images,
        "n_wrong": len(found),
        "n_pictures": sum(image["picture"] is not None for image in images),
        "images": images,
    }


def _build_image(
    store: RunStore, image: Prediction, parts: Mapping[int, Part], names: Mapping[int, str]
) -> dict[str, Any]:
    is_kept = store.pictures.kept_examples.images.holds(image.image_id)
    return {
        "image_id": image.image_id,
        "path": image.path,
        "taken_for": list(image.taken_for),
        "output": image.output,
        "name": None if image.taken_for else names.get(image.output),
        "probability": shorten(image.predicted_probability, 3),
        "true_probability": shorten(image.true_probability, 3),
        "picture": {"kind": "image"} if is_kept else _locate(parts.get(image.image_id)),
    }


def _locate(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    owner = part.example.class_id
    return {
        "kind": "part",
        "layer": part.channel.layer,
        "channel": part.channel.channel,
        "owner": "all" if owner == ALL_CLASSES else owner,
        "rank": part.example.rank,
    }
