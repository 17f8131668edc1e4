"""The folds: parts of the images, each with its share of every class, of which one at a time is held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass

__all__ = ["assign_folds", "require_classes"]

_RULE = "Every class has at least one image in each fold, and there are at least two classes."


def require_classes(classes: Sequence[LabelledClass], counts: Mapping[int, int], n_folds: int) -> None:
    """Checks that heads can be trained and tested on every class.

    Args:
        classes: of the images.
        counts: readable images, by class_id.
        n_folds: the number of folds.

    Raises:
        InputError: there is one class only, or a class has fewer images than there are folds.
    """
    if len(classes) < 2:
        name = classes[0].class_name if classes else "none"
        raise InputError(_RULE, f"There is one class: {name}.", "Name a folder with a subfolder for each class.")
    few = [c for c in classes if counts.get(c.class_id, 0) < n_folds]
    if not few:
        return
    names = ", ".join(f"{c.class_name} ({counts.get(c.class_id, 0)})" for c in few[:5])
    more = f" and {len(few) - 5} more" if len(few) > 5 else ""
    least = min(counts.get(c.class_id, 0) for c in few)
    fix = f"Take --folds {least}, add images, or leave the class out." if least > 1 else "Add images, or leave it out."
    raise InputError(_RULE, f"Classes with fewer than {n_folds} images that can be read: {names}{more}.", fix)


def assign_folds(labels: NDArray[np.int64], n_folds: int, seed: int) -> NDArray[np.int64]:
    """Assigns each image the fold in which it is held out.

    The folds of a class differ by at most one image (stratified k-fold: Kohavi 1995, section 2.2).

    Args:
        labels: of the images, `(image,)`.
        n_folds: at most the number of images of the smallest class.
        seed: of the order.

    Returns:
        `(image,)`, from 0.
    """
    from sklearn.model_selection import StratifiedKFold

    folds = np.empty(len(labels), np.int64)
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    for fold, (_, held) in enumerate(splitter.split(np.zeros((len(labels), 1)), labels)):
        folds[held] = fold
    return folds
