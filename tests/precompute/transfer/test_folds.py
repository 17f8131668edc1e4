from __future__ import annotations

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.transfer.folds import assign_folds, require_classes

CLASSES = [LabelledClass(number, name) for number, name in enumerate(("ant", "bee", "cow"))]


def test_every_class_is_spread_evenly() -> None:
    labels = np.repeat([0, 1, 2], [7, 12, 5])
    folds = assign_folds(labels, 5, 0)
    for label in range(3):
        counts = np.bincount(folds[labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1 and counts.sum() == (labels == label).sum()


def test_a_seed_gives_the_same_folds_and_another_one_others() -> None:
    labels = np.arange(60) % 3
    np.testing.assert_array_equal(assign_folds(labels, 5, 1), assign_folds(labels, 5, 1))
    assert (assign_folds(labels, 5, 1) != assign_folds(labels, 5, 2)).any()


def test_classes_need_an_image_in_every_fold() -> None:
    require_classes(CLASSES, {0: 5, 1: 5, 2: 9}, 5)
    with pytest.raises(InputError, match=r"bee \(3\). Take --folds 3, add images"):
        require_classes(CLASSES, {0: 5, 1: 3, 2: 9}, 5)
    with pytest.raises(InputError, match=r"ant \(0\), bee \(3\). Add images, or leave it out"):
        require_classes(CLASSES, {1: 3, 2: 9}, 5)
    with pytest.raises(InputError, match="There is one class: ant"):
        require_classes(CLASSES[:1], {0: 9}, 5)
