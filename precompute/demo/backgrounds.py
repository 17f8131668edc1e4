"""The places of scenes: one function draws each, from the sky down to the ground."""

from collections.abc import Callable

import numpy as np

from precompute.demo.clutter import (
    draw_bushes,
    draw_firs,
    draw_flowers,
    draw_reeds,
    draw_ripples,
    draw_stones,
    draw_trunks,
    draw_tufts,
    draw_weed,
)
from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Pose, Rgb, darken, jitter, lighten, make_block, make_oval, mix, pick
from precompute.demo.sky import Daylight, choose_daylight, draw_hills, draw_sky


def draw_ground(stage: Stage, horizon: float, colour: Rgb, grain: Rgb, *, strength: float = 0.35) -> Brush:
    """Draws a graded, mottled plane from the horizon down, and returns the brush for the things that grow there."""
    brush = stage.start_scenery("ground")
    base = jitter(brush.rng, colour, 12)
    brush.fill_gradient(horizon, 1, lighten(base, 0.22), darken(base, 0.16))
    brush.add_grain(make_block(0, horizon, 1, 1), grain, strength)
    return brush


def draw_meadow(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.42, 0.62)
    draw_sky(stage, horizon)
    draw_hills(stage, horizon, (96, 148, 110))
    brush = draw_ground(stage, horizon, (122, 176, 84), (78, 136, 62))
    draw_bushes(brush, horizon, (84, 138, 76), int(brush.rng.integers(0, 4)))
    draw_tufts(brush, horizon, (86, 146, 62), 10)
    draw_flowers(brush, horizon, int(brush.rng.integers(0, 14)))
    draw_stones(brush, horizon, (160, 158, 154), int(brush.rng.integers(0, 3)))


def draw_forest(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.45, 0.64)
    draw_sky(stage, horizon)
    draw_hills(stage, horizon, (70, 118, 104))
    brush = draw_ground(stage, horizon, (116, 140, 80), (92, 84, 54))
    if brush.rng.random() < 0.6:
        draw_firs(brush, horizon, (52, 104, 82), int(brush.rng.integers(4, 9)))
    else:
        draw_trunks(brush, horizon, int(brush.rng.integers(3, 6)))
        draw_bushes(brush, horizon, (66, 116, 72), 3)
    draw_tufts(brush, horizon, (96, 132, 66), 8)
    draw_stones(brush, horizon, (146, 142, 138), int(brush.rng.integers(0, 5)))


def draw_mountains(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.45, 0.62)
    draw_sky(stage, horizon)
    draw_hills(stage, horizon, (110, 126, 158), jagged=True)
    brush = draw_ground(stage, horizon, (150, 160, 104), (116, 120, 84))
    draw_firs(brush, horizon, (62, 104, 92), int(brush.rng.integers(0, 5)))
    draw_stones(brush, horizon, (150, 150, 156), int(brush.rng.integers(2, 7)))
    draw_tufts(brush, horizon, (124, 144, 76), 6)


def draw_snowfield(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.42, 0.62)
    draw_sky(stage, horizon)
    draw_hills(stage, horizon, (150, 176, 206), jagged=bool(stage.make_rng("jagged").random() < 0.6))
    brush = draw_ground(stage, horizon, (226, 236, 246), (190, 208, 232), strength=0.3)
    draw_firs(brush, horizon, (84, 124, 128), int(brush.rng.integers(0, 6)))
    draw_stones(brush, horizon, (176, 184, 198), int(brush.rng.integers(0, 4)))


def draw_beach(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.34, 0.5)
    shore = horizon + 0.14
    draw_sky(stage, horizon)
    water = stage.start_scenery("water")
    water.fill_gradient(horizon, shore, (70, 150, 190), (120, 206, 214))
    brush = draw_ground(stage, shore, (236, 212, 162), (214, 180, 126))
    xs = np.linspace(0, 1, 20)
    brush.draw_line(
        np.stack([xs, shore + 0.012 * np.sin(xs * 9 + brush.rng.uniform(0, 6))], axis=1), 0.025, (246, 250, 248)
    )
    draw_stones(brush, shore, (226, 190, 170), int(brush.rng.integers(1, 6)))


def draw_desert(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.45, 0.64)
    draw_sky(stage, horizon)
    draw_hills(stage, horizon, (206, 140, 104))
    brush = draw_ground(stage, horizon, (230, 192, 134), (204, 154, 98))
    draw_stones(brush, horizon, (186, 134, 104), int(brush.rng.integers(1, 6)))
    draw_tufts(brush, horizon, (168, 160, 96), int(brush.rng.integers(1, 5)))


def draw_lake(stage: Stage) -> None:
    """Draws water up to the viewer's feet and a far shore with hills and firs."""
    horizon = stage.make_rng("horizon").uniform(0.26, 0.46)
    draw_sky(stage, horizon)
    far = stage.start_scenery("far shore")
    draw_hills(stage, horizon, (92, 138, 112), jagged=bool(far.rng.random() < 0.35))
    draw_firs(far, horizon, (60, 110, 88), int(far.rng.integers(0, 7)))
    light, brush = choose_daylight(stage), stage.start_scenery("water")
    base = mix(pick(brush.rng, [(74, 146, 170), (88, 164, 158), (84, 130, 176)]), light.low, 0.15)
    brush.fill_gradient(horizon, 1, lighten(base, 0.3), darken(base, 0.2))
    draw_ripples(brush, horizon, lighten(base, 0.45), 14)
    if brush.rng.random() < 0.5:
        draw_reeds(brush, float(brush.rng.choice([0.06, 0.94])))


def draw_sea(stage: Stage) -> None:
    horizon = stage.make_rng("horizon").uniform(0.42, 0.6)
    draw_sky(stage, horizon)
    light, brush = choose_daylight(stage), stage.start_scenery("water")
    if brush.rng.random() < 0.4:
        draw_hills(stage, horizon, (110, 150, 150), layers=1)
    base = mix(pick(brush.rng, [(44, 116, 168), (40, 140, 164), (64, 108, 158)]), light.low, 0.12)
    brush.fill_gradient(horizon, 1, lighten(base, 0.25), darken(base, 0.22))
    draw_ripples(brush, horizon, lighten(base, 0.5), 18)


def draw_underwater(stage: Stage) -> None:
    """Draws blue depth with shafts of light, sand, weed and bubbles."""
    brush = stage.start_scenery("water")
    rng = brush.rng
    base = pick(rng, [(36, 140, 184), (30, 156, 168), (44, 116, 178)])
    brush.fill_gradient(0, 1, lighten(base, 0.45), darken(base, 0.3))
    for _ in range(3):
        x, lean = rng.uniform(0, 1), rng.uniform(-0.3, 0.1)
        brush.fill([(x, 0), (x + 0.07, 0), (x + 0.12 + lean, 0.8), (x - 0.04 + lean, 0.8)], lighten(base, 0.38))
    brush.fill_gradient(0.84, 1, (224, 206, 160), (190, 170, 130))
    brush.add_grain(make_block(0, 0.84, 1, 1), (170, 146, 108), 0.4)
    for _ in range(int(rng.integers(2, 6))):
        draw_weed(brush)
    for x, y in rng.random((9, 2)):
        brush.fill(make_oval(x, y * 0.8, 0.012), lighten(base, 0.7))
    draw_stones(brush, 0.82, (150, 140, 150), int(rng.integers(0, 4)))


def draw_street(stage: Stage) -> None:
    """Draws houses in a row, a kerb and a road."""
    horizon = stage.make_rng("horizon").uniform(0.52, 0.64)
    draw_sky(stage, horizon)
    light, brush = choose_daylight(stage), stage.start_scenery("row of houses")
    rng = brush.rng
    x = -0.05
    while x < 1:
        wide, tall = rng.uniform(0.12, 0.24), rng.uniform(0.16, 0.42)
        tone = mix(pick(rng, [(190, 140, 130), (150, 160, 180), (206, 186, 150), (140, 150, 140)]), light.low, 0.4)
        brush.fill(make_block(x, horizon - tall, x + wide, horizon + 0.03), tone, 0.15)
        for wx in np.arange(x + 0.03, x + wide - 0.03, 0.05):
            for wy in np.arange(horizon - tall + 0.04, horizon - 0.05, 0.08):
                brush.fill(
                    make_block(wx, wy, wx + 0.022, wy + 0.035), (250, 224, 150) if light.stars else darken(tone, 0.2)
                )
        x += wide + rng.uniform(0, 0.03)
    brush.fill(make_block(0, horizon, 1, horizon + 0.07), (190, 186, 180))
    brush.fill(make_block(0, horizon + 0.055, 1, horizon + 0.08), (146, 144, 146))
    road = draw_ground(stage, horizon + 0.08, (112, 114, 122), (92, 94, 104))
    for dash in np.arange(road.rng.uniform(-0.2, 0), 1, 0.3):
        road.fill([(dash, 0.9), (dash + 0.14, 0.9), (dash + 0.13, 0.925), (dash - 0.01, 0.925)], (232, 226, 206))


def draw_room(stage: Stage) -> None:
    """Draws a table before a papered wall, with a window in 45 of 100 scenes."""
    brush = stage.start_scenery("room")
    rng = brush.rng
    horizon = stage.make_rng("horizon").uniform(0.56, 0.7)
    wall = pick(
        rng, [(206, 222, 214), (236, 214, 196), (190, 204, 226), (232, 220, 186), (214, 190, 204), (120, 140, 150)]
    )
    brush.fill_gradient(0, horizon + 0.02, lighten(wall, 0.15), darken(wall, 0.08))
    pattern = rng.integers(3)
    if pattern == 0:
        for x in np.arange(rng.uniform(0, 0.1), 1, 0.12):
            brush.fill(make_block(x, 0, x + 0.05, horizon), lighten(wall, 0.3))
    elif pattern == 1:
        for row, y in enumerate(np.arange(0.06, horizon, 0.13)):
            for x in np.arange(0.06 + 0.07 * (row % 2), 1, 0.14):
                brush.fill(make_oval(x, y, 0.016), darken(wall, 0.14))
    if rng.random() < 0.45:
        _draw_window(brush, choose_daylight(stage), rng.uniform(0.1, 0.6))
    table = pick(rng, [(176, 122, 80), (140, 96, 70), (214, 178, 134), (236, 232, 222), (120, 150, 160)])
    brush.fill_gradient(horizon, 1, lighten(table, 0.12), darken(table, 0.15))
    for _ in range(7):
        y = rng.uniform(horizon + 0.03, 1)
        brush.draw_line([(rng.uniform(0, 0.5), y), (rng.uniform(0.5, 1), y + 0.01)], 0.008, darken(table, 0.18))


def _draw_window(brush: Brush, light: Daylight, x: float) -> None:
    brush.fill(make_block(x - 0.02, 0.03, x + 0.32, 0.42), (244, 240, 230))
    brush.fill(make_block(x, 0.05, x + 0.3, 0.4), mix(light.top, light.low, 0.5), 0.2)
    brush.fill(make_block(x + 0.14, 0.05, x + 0.16, 0.4), (244, 240, 230))
    brush.fill(make_block(x, 0.21, x + 0.3, 0.23), (244, 240, 230))


def draw_open_sky(stage: Stage) -> None:
    """Draws a sky nearly down to the lower edge."""
    horizon = stage.make_rng("horizon").uniform(0.8, 0.95)
    draw_sky(stage, horizon)
    draw_hills(stage, horizon, (104, 150, 120), jagged=bool(stage.make_rng("jagged").random() < 0.3))
    brush = draw_ground(stage, horizon, (116, 168, 88), (82, 136, 66))
    draw_bushes(brush, horizon, (78, 130, 80), int(brush.rng.integers(1, 5)))


def draw_leaves(stage: Stage) -> None:
    """Draws the close view of a garden bed: leaves large and small, out of focus."""
    brush = stage.start_scenery("leaves")
    rng = brush.rng
    base = pick(rng, [(96, 150, 84), (120, 168, 100), (84, 136, 104), (150, 176, 110)])
    brush.fill_gradient(0, 1, lighten(base, 0.25), darken(base, 0.3))
    for _ in range(5):
        x, y = rng.random(2)
        brush.add_glow((x, y, 0.22, 0.22), lighten(base, 0.6), 0.4)
    for _ in range(11):
        x, y, size = rng.uniform(0, 1), rng.uniform(0, 1), rng.uniform(0.08, 0.2)
        frame = Pose(x * 96, y * 96, size * 96, float(rng.uniform(0, 360)))
        leaf = stage.start_scenery("leaf", frame)
        tone = jitter(rng, mix(base, (60, 120, 70), rng.random() * 0.6), 14)
        leaf.fill_blob([(-1, 0), (-0.2, -0.42), (0.6, -0.3), (1.1, 0), (0.6, 0.3), (-0.2, 0.42)], tone, 0.35)
        leaf.draw_line([(-0.9, 0), (0.9, 0)], 0.05, lighten(tone, 0.3))
    draw_flowers(brush, 0.1, int(rng.integers(0, 5)))


PLACES: dict[str, Callable[[Stage], None]] = {
    "meadow": draw_meadow,
    "forest": draw_forest,
    "mountains": draw_mountains,
    "snowfield": draw_snowfield,
    "beach": draw_beach,
    "desert": draw_desert,
    "lake": draw_lake,
    "sea": draw_sea,
    "underwater": draw_underwater,
    "street": draw_street,
    "room": draw_room,
    "open_sky": draw_open_sky,
    "leaves": draw_leaves,
}
