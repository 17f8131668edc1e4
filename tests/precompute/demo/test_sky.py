"""The time of day, the sky and the hills."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.sky import DAYLIGHTS, choose_daylight, draw_hills, draw_sky


def make_stage(index: int) -> Stage:
    """Makes an empty stage."""
    return Stage((1, 2, index), None, ())


def test_every_time_of_day_occurs_and_a_scene_keeps_its_own() -> None:
    chosen = [choose_daylight(make_stage(index)) for index in range(120)]

    assert set(chosen) == set(DAYLIGHTS)
    stage = make_stage(7)
    assert choose_daylight(stage) is choose_daylight(stage)


def test_there_is_one_night_and_it_is_the_darkest() -> None:
    (night,) = (light for light in DAYLIGHTS if light.stars)

    assert sum(night.tint) == min(sum(light.tint) for light in DAYLIGHTS)
    assert sum(night.top) == min(sum(light.top) for light in DAYLIGHTS)


def test_the_sky_ends_at_the_horizon_and_begins_with_its_colour() -> None:
    for index in range(4):
        stage = make_stage(index)
        draw_sky(stage, 0.5)
        pixels = np.asarray(stage.canvas.image)
        assert pixels[:144].any(axis=2).all() and not pixels[230:].any()
        assert tuple(np.median(pixels[0], axis=0).astype(int)) == choose_daylight(stage).top


def test_hills_rise_above_the_horizon_and_mountains_higher() -> None:
    heights = []
    for jagged in (False, True):
        tops = []
        for index in range(6):
            stage = make_stage(index)
            draw_hills(stage, 0.6, (100, 140, 110), jagged=jagged)
            rows = np.flatnonzero(np.asarray(stage.canvas.image).any(axis=(1, 2)))
            assert rows.max() <= 0.66 * 288
            tops.append(0.6 - rows.min() / 288)
        heights.append(np.mean(tops))
    assert 0 < heights[0] < heights[1]
