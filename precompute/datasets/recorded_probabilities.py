"""The probabilities that a run recorded for its images: its model and its images are the same where they come again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table

__all__ = ["read_probability", "require_recorded"]

_SAME = 0.05
"""Greatest difference of probabilities that another precision or device is taken to explain."""


def read_probability(run: Path, image_id: int) -> tuple[int, str, float]:
    """Reads the class and path of an image of a run, and the probability that the model gave its class.

    Returns:
        Class, path and probability; NaN where the run recorded none, because no output means the class.

    Raises:
        InputError: the run has no such image.
    """
    columns = ["class_id", "path", "true_probability"]
    rows = read_table(run, "images", columns, pc.field("image_id") == image_id).to_pylist()
    if not rows:
        raise InputError("An image of the run has a number.", f"There is no image {image_id}.", "Choose another.")
    probability = rows[0]["true_probability"]
    return rows[0]["class_id"], rows[0]["path"], float("nan") if probability is None else probability


def require_recorded(paths: Sequence[str], found: ArrayLike, recorded: ArrayLike) -> None:
    """Checks that the model says of a run's images what it said when the run was made.

    Args:
        paths: of the images.
        found: the probability of its own class for each, `(image,)`.
        recorded: by the run, `(image,)`, NaN where it recorded none.

    Raises:
        InputError: an image has another probability, beyond what precision explains.
    """
    now, before = np.asarray(found, np.float64), np.asarray(recorded, np.float64)
    # A probability that is no number any more is another one too.
    off = ~(np.abs(now - before) <= _SAME) & ~np.isnan(before)
    if off.any():
        first = int(np.argmax(off))
        raise InputError(
            "A run's images and its model are the same as when it was made.",
            f"{paths[first]} has another content by now, or the model has changed: it gives the image's class a "
            f"probability of {now[first]:.3f}, and gave it {before[first]:.3f}.",
            "Name the images that the run was made of: --images IMAGES; or make the run again.",
            on_page="Put back the images and the model that the run was made of, or make the run again.",
        )
