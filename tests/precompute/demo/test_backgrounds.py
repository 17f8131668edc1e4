"""The places of scenes: all that subjects name are there, and each looks different and fills the image."""

import numpy as np
import pytest

from precompute.demo.backgrounds import PLACES, draw_ground
from precompute.demo.canvas import CANVAS_SIZE
from precompute.demo.drawing import Stage
from tests.support.objects import SUBJECTS


def draw_place(name: str, index: int = 0) -> np.ndarray:
    """Draws a place alone, `(288, 288, 3)`."""
    stage = Stage((5, 6, index), None, ())
    PLACES[name](stage)
    assert stage.brushes == [], "a background has no parts"
    return np.asarray(stage.canvas.image).astype(int)


def test_subjects_are_found_in_places_that_exist_and_in_all_of_them() -> None:
    assert {place for subject in SUBJECTS.values() for place in subject.places} == set(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_a_place_covers_the_whole_image_and_varies(name: str) -> None:
    first, other = draw_place(name, 0), draw_place(name, 1)

    assert (first.max(axis=2) > 0).all()
    assert (first != other).any()
    assert (first == draw_place(name, 0)).all()


def test_under_water_is_bluer_than_the_desert() -> None:
    for index in range(3):
        water, sand = draw_place("underwater", index), draw_place("desert", index)
        assert (water[:230, :, 2] - water[:230, :, 0]).mean() > 40
        assert (sand[260:, :, 0] - sand[260:, :, 2]).mean() > 30


def test_the_ground_begins_at_the_horizon() -> None:
    stage = Stage((5, 6, 0), None, ())
    draw_ground(stage, 0.5, (100, 150, 80), (80, 120, 60))

    pixels = np.asarray(stage.canvas.image)
    half = CANVAS_SIZE // 2
    assert not pixels[: half - 1].any() and pixels[half + 1 :].any(axis=2).all()
