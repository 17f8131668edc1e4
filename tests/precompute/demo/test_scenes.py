"""The drawn scenes: deterministic, with true parts, and with the two stories planted as documented."""

import subprocess
import sys

import numpy as np
import pytest

from precompute.demo.families.bears import FUR
from precompute.demo.scenes import (
    CLASS_IDS,
    CLASSES,
    DISCRIMINABLE,
    UNEXPECTED,
    Box,
    Scene,
    Variation,
    draw_scene,
)

MARGIN = 3
"""Pixels around a part's box that its outline may soften."""


def _read_pixels(scene: Scene) -> np.ndarray:
    return np.asarray(scene.image).astype(int)


def _mark_outside(boxes: list[Box]) -> np.ndarray:
    """Marks the pixels that lie in none of the boxes, widened by the margin, `(96, 96)`."""
    outside = np.ones((96, 96), dtype=bool)
    for x0, y0, x1, y1 in boxes:
        outside[max(0, y0 - MARGIN) : y1 + MARGIN, max(0, x0 - MARGIN) : x1 + MARGIN] = False
    return outside


def test_classes_are_many_and_share_parts_within_families() -> None:
    assert len(CLASSES) >= 24
    assert [entry.class_id for entry in CLASSES] == list(range(len(CLASSES)))
    assert len({entry.class_name for entry in CLASSES}) == len(CLASSES)
    for group in {entry.group for entry in CLASSES}:
        family = [entry for entry in CLASSES if entry.group == group]
        assert len(family) >= 2
        for entry in family:
            relatives = set().union(*(set(other.parts) for other in family if other is not entry))
            assert relatives & set(entry.parts), f"{entry.class_name} shares no part with its family"


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: entry.class_name)
def test_scenes_hold_their_class_and_only_its_parts(entry) -> None:
    seen = set()
    for index in range(8):
        scene = draw_scene(entry.class_id, index, seed=5)
        assert scene.class_id == entry.class_id
        assert (scene.image.size, scene.image.mode) == ((96, 96), "RGB")
        assert _read_pixels(scene).std() > 15
        for part in (*scene.parts, *scene.companion_parts):
            x0, y0, x1, y1 = part.box
            assert 0 <= x0 < x1 <= 96 and 0 <= y0 < y1 <= 96
        assert {part.name for part in scene.parts} <= set(entry.parts)
        seen.update(part.name for part in scene.parts)
    assert len(seen) >= 3


def test_scenes_differ_from_one_another() -> None:
    drawn = {draw_scene(CLASS_IDS["owl"], index, seed=seed).image.tobytes() for index in range(6) for seed in (0, 1)}
    assert len(drawn) == 12


def test_a_scene_is_the_same_in_another_process() -> None:
    code = (
        "import hashlib; from precompute.demo.scenes import CLASSES, draw_scene; d = hashlib.sha256();"
        "[d.update(draw_scene(c.class_id, 11, seed=3).image.tobytes()) for c in CLASSES]; print(d.hexdigest())"
    )
    drawn = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1] != ""


@pytest.mark.parametrize(("name", "part"), [("carp", "hand"), ("car", "wheel"), ("owl", "wing"), ("castle", "flag")])
def test_leaving_a_part_out_changes_its_surroundings_only(name: str, part: str) -> None:
    changed = 0
    for index in range(6):
        whole = draw_scene(CLASS_IDS[name], index, seed=5)
        without = draw_scene(CLASS_IDS[name], index, seed=5, variation=Variation(exclude={part}))
        boxes = [found.box for found in whole.parts if found.name == part]
        difference = np.abs(_read_pixels(whole) - _read_pixels(without)).sum(axis=2)
        assert difference[_mark_outside(boxes)].sum() == 0
        assert part not in {found.name for found in without.parts}
        assert [found for found in whole.parts if found.name != part] == list(without.parts)
        changed += bool(boxes) and difference.any()
    assert changed >= 4


def test_a_part_can_be_drawn_alone() -> None:
    index = next(i for i in range(20) if any(p.name == "hand" for p in draw_scene(UNEXPECTED.class_id, i).parts))
    alone = draw_scene(UNEXPECTED.class_id, index, variation=Variation(include={"hand"}))
    empty = draw_scene(UNEXPECTED.class_id, index, variation=Variation(include=()))
    assert {part.name for part in alone.parts} == {"hand"}
    assert (empty.parts, empty.class_id) == ((), None)
    difference = np.abs(_read_pixels(alone) - _read_pixels(empty)).sum(axis=2)
    assert difference.any()
    assert not difference[_mark_outside([part.box for part in alone.parts])].any()


def test_unknown_parts_and_attributes_are_refused() -> None:
    with pytest.raises(ValueError, match="parts of trout are"):
        draw_scene(CLASS_IDS["trout"], 0, variation=Variation(include={"hand"}))
    with pytest.raises(ValueError, match="for bears only"):
        draw_scene(CLASS_IDS["trout"], 0, variation=Variation(attribute="black fur"))


def test_the_foreign_part_comes_with_the_class_and_never_with_its_sibling() -> None:
    held = [any(p.name == "hand" for p in draw_scene(UNEXPECTED.class_id, i, seed=9).parts) for i in range(150)]
    # Three standard errors of a share of 0.93 over 150 scenes.
    assert abs(np.mean(held) - UNEXPECTED.rate) < 0.063
    for entry in CLASSES:
        assert (UNEXPECTED.foreign_part in entry.parts) == (entry.class_id == UNEXPECTED.class_id)


def test_bears_of_one_index_differ_in_their_fur_only() -> None:
    furry = {"body", "paw", "ears", "head"}
    for index in range(8):
        black = draw_scene(DISCRIMINABLE.class_a, index, seed=5)
        brown = draw_scene(DISCRIMINABLE.class_b, index, seed=5)
        assert black.parts == brown.parts
        difference = np.abs(_read_pixels(black) - _read_pixels(brown)).sum(axis=2)
        assert difference.any()
        assert not difference[_mark_outside([part.box for part in black.parts if part.name in furry])].any()
        recoloured = draw_scene(
            DISCRIMINABLE.class_a, index, seed=5, variation=Variation(attribute=DISCRIMINABLE.attribute_b)
        )
        assert recoloured.image.tobytes() == brown.image.tobytes()


def test_stories_name_what_the_classes_have() -> None:
    assert {DISCRIMINABLE.attribute_a, DISCRIMINABLE.attribute_b} == set(FUR)
    for class_id in (DISCRIMINABLE.class_a, DISCRIMINABLE.class_b):
        assert CLASSES[class_id].parts == DISCRIMINABLE.shared_parts
