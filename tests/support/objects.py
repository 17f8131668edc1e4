"""Objects of the demo's classes, drawn alone in the middle of a black canvas, for tests of the families."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.demo.drawing import Stage
from precompute.demo.families import FAMILIES
from precompute.demo.shapes import Box, Pose
from precompute.demo.subject import Subject

SUBJECTS: dict[str, Subject] = {subject.class_name: subject for family in FAMILIES for subject in family.SUBJECTS}
MIDDLE = Pose(48.0, 48.0, 30.0)
N_DRAWN = 24
"""Drawings in which every part of a class is expected at least once."""


@dataclass(frozen=True)
class DrawnObject:
    """A drawing: the parts with their boxes in pixels of the image, and the canvas, `(288, 288, 3)`."""

    parts: tuple[tuple[str, Box], ...]
    pixels: NDArray[np.int64]

    def list_boxes(self, part: str) -> list[Box]:
        """Lists the boxes of the parts of a name."""
        return [box for name, box in self.parts if name == part]


def draw_object(
    name: str, index: int = 0, include: Collection[str] | None = None, exclude: Collection[str] = ()
) -> DrawnObject:
    """Draws the object of a class with the random numbers of an index."""
    subject = SUBJECTS[name]
    stage = Stage((3, 1, index), include, exclude)
    stage.attribute = subject.attribute
    subject.draw(stage, MIDDLE)
    parts = tuple((part, brush.box) for part, brush in stage.brushes if brush.box is not None)
    return DrawnObject(parts, np.asarray(stage.canvas.image).astype(np.int64))


def find_mask(name: str, part: str, index: int = 0) -> NDArray[np.bool_]:
    """Finds the pixels of the canvas, `(288, 288)`, that a part changes when it is drawn alone."""
    alone, empty = (draw_object(name, index, include) for include in ({part}, ()))
    return (alone.pixels != empty.pixels).any(axis=2)


def compute_mean_colour(name: str, part: str, index: int = 0) -> NDArray[np.float64]:
    """Computes the mean colour of a part that is drawn alone."""
    return draw_object(name, index, {part}).pixels[find_mask(name, part, index)].mean(axis=0)


def require_sound_drawings(subject: Subject) -> None:
    """Requires of a class: every declared part shows, no other is drawn, and an index always gives one drawing."""
    name = subject.class_name
    hidden = set(subject.parts)
    for index in range(N_DRAWN):
        whole = draw_object(name, index)
        assert {part for part, _ in whole.parts} <= set(subject.parts)
        hidden -= {part for part in hidden if (draw_object(name, index, None, {part}).pixels != whole.pixels).any()}
        if not hidden:
            break
    assert not hidden, f"parts that never show: {hidden}"
    first, again, other = (draw_object(name, index) for index in (0, 0, 1))
    assert first.parts == again.parts and (first.pixels == again.pixels).all()
    assert (first.pixels != other.pixels).any()
