"""The pixels of a scene's object."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.masks import find_object
from precompute.demo.scenes import CLASS_IDS, draw_scene


@pytest.mark.parametrize("name", ["carp", "panda", "lighthouse"])
def test_the_object_fills_the_boxes_of_its_parts(name: str) -> None:
    scene = draw_scene(CLASS_IDS[name], 3, seed=2)
    mask = find_object(CLASS_IDS[name], 3, seed=2)
    assert mask.shape == (96, 96)
    assert 0.02 < mask.mean() < 0.7
    inside = np.zeros_like(mask)
    for part in scene.parts:
        x0, y0, x1, y1 = part.box
        inside[max(y0 - 1, 0) : y1 + 1, max(x0 - 1, 0) : x1 + 1] = True
        assert mask[y0:y1, x0:x1].any(), part.name
    assert (mask & inside).sum() > 0.6 * mask.sum(), "a shadow may lie outside"


def test_one_part_is_a_piece_of_the_object() -> None:
    carp = CLASS_IDS["carp"]
    index = next(n for n in range(20) if any(part.name == "hand" for part in draw_scene(carp, n, seed=2).parts))
    hand, whole = find_object(carp, index, seed=2, parts=("hand",)), find_object(carp, index, seed=2)
    assert 0 < hand.sum() < whole.sum()
    assert (hand & ~whole).sum() <= 0.02 * hand.sum()


def test_an_unknown_part_is_an_error() -> None:
    with pytest.raises(ValueError, match="parts of carp are"):
        find_object(CLASS_IDS["carp"], 0, parts=("wheel",))
