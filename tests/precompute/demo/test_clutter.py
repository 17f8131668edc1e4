"""Small things behind and before the object, and the weather."""

import numpy as np
import pytest

from precompute.demo.backgrounds import PLACES
from precompute.demo.clutter import draw_foreground, draw_reeds, draw_stones, draw_tufts, draw_weather
from precompute.demo.drawing import Stage


def read_pixels(stage: Stage) -> np.ndarray:
    """Reads the canvas of a stage, `(288, 288, 3)`."""
    return np.asarray(stage.canvas.image).astype(int)


def test_nothing_of_no_count_is_drawn() -> None:
    stage = Stage((1, 2, 0), None, ())
    brush = stage.start_scenery("ground")
    draw_stones(brush, 0.5, (150, 150, 150), 0)
    draw_tufts(brush, 0.5, (80, 150, 60), 0)

    assert not read_pixels(stage).any()


def test_tufts_grow_below_the_horizon() -> None:
    stage = Stage((1, 2, 0), None, ())
    draw_tufts(stage.start_scenery("ground"), 0.7, (80, 150, 60), 20)

    rows = np.flatnonzero(read_pixels(stage).any(axis=(1, 2)))
    assert rows.min() > 288 * 0.65 and len(rows) > 20


@pytest.mark.parametrize("x", [0.06, 0.94])
def test_reeds_stand_in_their_corner(x: float) -> None:
    stage = Stage((1, 2, 0), None, ())
    draw_reeds(stage.start_scenery("water"), x)

    columns = np.flatnonzero(read_pixels(stage).any(axis=(0, 2)))
    assert abs(columns.mean() / 288 - x) < 0.12
    assert not read_pixels(stage)[:120].any()


@pytest.mark.parametrize("place", PLACES)
def test_the_foreground_stays_in_the_lower_part_and_is_left_out_in_some_scenes(place: str) -> None:
    drawn = []
    for index in range(16):
        stage = Stage((1, 2, index), None, ())
        draw_foreground(stage, place)
        pixels = read_pixels(stage)
        assert not pixels[:150].any()
        drawn.append(bool(pixels.any()))

    assert set(drawn) == ({False} if place in ("sea", "underwater") else {False, True})


def test_weather_covers_one_scene_of_five() -> None:
    changed = []
    for index in range(100):
        stage = Stage((1, 2, index), None, ())
        draw_weather(stage)
        changed.append(stage.canvas.image.getextrema() != ((0, 0),) * 3)

    # Three standard errors of a share of 0.2 over 100 scenes.
    assert abs(np.mean(changed) - 0.2) < 0.12
