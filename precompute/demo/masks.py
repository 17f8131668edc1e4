"""The pixels of a scene's object, or of some of its parts, known exactly since scenes can be drawn without them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from precompute.demo.scenes import Variation, draw_scene

__all__ = ["find_object"]

_LEAST_CHANGE = 6
"""The change of a colour, of 255, from which a pixel belongs to the object; soft shadows are below or near it."""


def find_object(class_id: int, index: int, *, seed: int = 0, parts: Collection[str] | None = None) -> NDArray[np.bool_]:
    """Finds the pixels of a scene that the object changes, `(height, width)`.

    Background, light and camera noise of a scene do not depend on its parts, so the same scene without them differs
    where they are seen, and nowhere else.

    Args:
        class_id: as `draw_scene` takes it.
        index: the same.
        seed: the same.
        parts: names of the parts that are sought; None for the whole object.

    Raises:
        ValueError: the class has no such part.
    """
    whole = np.asarray(draw_scene(class_id, index, seed=seed).image, dtype=np.int16)
    left_out = Variation(include=()) if parts is None else Variation(exclude=parts)
    without = np.asarray(draw_scene(class_id, index, seed=seed, variation=left_out).image, dtype=np.int16)
    return np.asarray(np.abs(whole - without).max(axis=2) >= _LEAST_CHANGE)
