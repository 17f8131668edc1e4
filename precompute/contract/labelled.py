"""Labelled images and their classes, as sources name them and a run lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""RGB in 0..255."""

MID_GREY: Colour = (128, 128, 128)
"""The colour behind transparent pixels where the model's normalisation is unknown."""


@dataclass(frozen=True)
class LabelledClass:
    """One class of the dataset; `synset` and `group` are None if the source does not name them."""

    class_id: int
    class_name: str
    synset: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image and its class; `path` is relative to the source and names the image for a person."""

    image_id: int
    class_id: int
    path: str


class UnreadableImage(Exception):
    """An image that cannot be decoded; the pass skips it, counts it and names it in the manifest."""
