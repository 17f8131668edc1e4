"""The small things behind and before the object of a scene, and the weather."""

import numpy as np

from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Rgb, darken, jitter, make_block, make_oval, mix, pick
from precompute.demo.sky import choose_daylight


def draw_tufts(brush: Brush, horizon: float, colour: Rgb, count: int) -> None:
    """Draws tufts of grass, larger towards the viewer."""
    rng = brush.rng
    for _ in range(count):
        x, y = rng.uniform(0, 1), rng.uniform(horizon + 0.04, 1)
        tall = 0.03 + 0.06 * (y - horizon)
        for lean in (-0.7, 0.0, 0.7):
            brush.fill(
                [(x - 0.009, y), (x + lean * tall * 0.7, y - tall * (1.2 - abs(lean) * 0.4)), (x + 0.009, y)],
                jitter(rng, colour, 10),
            )


def draw_stones(brush: Brush, horizon: float, colour: Rgb, count: int) -> None:
    """Draws rounded stones with their shadows."""
    rng = brush.rng
    for _ in range(count):
        x, y, size = rng.uniform(0, 1), rng.uniform(horizon + 0.03, 1), rng.uniform(0.015, 0.05)
        brush.add_glow((x, y + size * 0.5, size * 1.5, size * 0.7), (20, 24, 40), 0.5)
        brush.fill_blob(
            [
                (x - size, y + size * 0.5),
                (x - size * 0.7, y - size * 0.4),
                (x + size * 0.2, y - size * 0.7),
                (x + size * 1.1, y + size * 0.1),
                (x + size * 0.8, y + size * 0.5),
            ],
            jitter(rng, colour, 14),
            0.45,
        )


def draw_flowers(brush: Brush, horizon: float, count: int) -> None:
    """Draws small flowers of one colour."""
    rng = brush.rng
    colour = pick(rng, [(250, 240, 240), (250, 210, 80), (230, 110, 140), (170, 130, 220), (120, 160, 240)])
    for _ in range(count):
        x, y = rng.uniform(0, 1), rng.uniform(horizon + 0.05, 1)
        brush.fill(make_oval(x, y, 0.012 + 0.008 * y), colour)
        brush.fill(make_oval(x, y, 0.006), (250, 220, 120))


def draw_bushes(brush: Brush, horizon: float, colour: Rgb, count: int) -> None:
    """Draws round bushes along the horizon."""
    rng = brush.rng
    for _ in range(count):
        x, size = rng.uniform(0, 1), rng.uniform(0.05, 0.1)
        tone = jitter(rng, colour, 14)
        for dx, scale in ((-0.9, 0.7), (0.9, 0.75), (0.0, 1.0)):
            brush.fill(make_oval(x + dx * size, horizon - size * 0.25, size * scale, size * scale * 0.85), tone, 0.4)


def draw_firs(brush: Brush, horizon: float, colour: Rgb, count: int) -> None:
    """Draws firs along the horizon."""
    rng = brush.rng
    for _ in range(count):
        x, tall = rng.uniform(-0.05, 1.05), rng.uniform(0.16, 0.42)
        tone = jitter(rng, colour, 12)
        brush.fill(make_block(x - 0.012, horizon - 0.04, x + 0.012, horizon + 0.03), (88, 62, 48))
        for step in range(3):
            top, wide = horizon - tall + step * tall * 0.26, tall * (0.16 + 0.09 * step)
            brush.fill(
                [(x, top), (x + wide, top + tall * 0.42), (x - wide, top + tall * 0.42)], darken(tone, 0.1 * (2 - step))
            )


def draw_trunks(brush: Brush, horizon: float, count: int) -> None:
    """Draws trunks that leave the image at the top."""
    rng = brush.rng
    for _ in range(count):
        x, wide = rng.uniform(0, 1), rng.uniform(0.02, 0.05)
        tone = pick(rng, [(104, 78, 60), (86, 70, 64), (196, 190, 180)])
        brush.fill(make_block(x - wide, -0.02, x + wide, horizon + 0.04), tone, 0.4)


def draw_ripples(brush: Brush, horizon: float, colour: Rgb, count: int) -> None:
    """Draws short bright waves."""
    rng = brush.rng
    for _ in range(count):
        y = rng.uniform(horizon + 0.02, 1)
        x, wide = rng.uniform(0, 1), rng.uniform(0.03, 0.1) * (0.4 + y)
        brush.draw_line(
            [(x - wide, y), (x - wide * 0.3, y - 0.008), (x + wide * 0.3, y + 0.004), (x + wide, y)], 0.009, colour
        )


def draw_reeds(brush: Brush, x: float) -> None:
    """Draws bulrushes in a lower corner."""
    for _ in range(6):
        foot = x + brush.rng.uniform(-0.08, 0.08)
        tall = brush.rng.uniform(0.2, 0.45)
        brush.draw_line([(foot, 1.0), (foot + 0.03, 1 - tall)], 0.012, jitter(brush.rng, (98, 140, 74), 12))
        brush.draw_line([(foot + 0.022, 1 - tall * 0.75), (foot + 0.03, 1 - tall)], 0.026, (118, 84, 56))


def draw_weed(brush: Brush) -> None:
    """Draws a clump of water weed or coral."""
    rng = brush.rng
    x, tall = rng.uniform(0, 1), rng.uniform(0.15, 0.4)
    tone = pick(rng, [(44, 130, 90), (90, 150, 70), (226, 110, 110), (236, 150, 90)])
    ys = np.linspace(0, 1, 8)
    for offset in (-0.03, 0.0, 0.03):
        xs = x + offset + 0.025 * np.sin(ys * 6 + offset * 60)
        brush.draw_line(np.stack([xs, 0.9 - ys * tall * (1 - abs(offset) * 8)], axis=1), 0.022, jitter(rng, tone, 10))


def draw_foreground(stage: Stage, place: str) -> None:
    """Draws grass, stones or a fruit before the object, in a lower corner, in three scenes of five."""
    brush = stage.start_scenery("foreground")
    rng = brush.rng
    x, kind = float(rng.choice([rng.uniform(0, 0.4), rng.uniform(0.6, 1)])), rng.random()
    if kind > 0.6:
        return
    if place in ("meadow", "forest", "mountains", "open_sky", "leaves", "lake"):
        tone = pick(rng, [(64, 124, 66), (92, 146, 70), (70, 110, 84)])
        for _ in range(11):
            foot, lean, tall = x + rng.uniform(-0.12, 0.12), rng.uniform(-0.08, 0.08), rng.uniform(0.16, 0.42)
            brush.fill([(foot - 0.018, 1.02), (foot + lean, 1 - tall), (foot + 0.018, 1.02)], jitter(rng, tone, 14))
    elif place in ("snowfield", "beach", "desert", "street"):
        tone = {
            "snowfield": (214, 226, 240),
            "beach": (190, 170, 156),
            "desert": (190, 132, 100),
            "street": (96, 140, 90),
        }[place]
        for dx, size in ((-0.08, 0.11), (0.09, 0.13), (0.0, 0.15)):
            brush.fill(make_oval(x + dx, 1.02, size, size * 0.8), jitter(rng, tone, 10), 0.4)
    elif place == "room":
        fruit = pick(rng, [(214, 70, 60), (240, 160, 60), (160, 190, 80)])
        brush.add_glow((x, 0.96, 0.14, 0.05), (30, 24, 30), 0.6)
        brush.fill(make_oval(x, 0.9, 0.085, 0.08), fruit, 0.45)
        brush.draw_line([(x, 0.83), (x + 0.015, 0.79)], 0.014, (90, 66, 44))


def draw_weather(stage: Stage) -> None:
    """Draws haze, rain or snow over everything, in one scene of five."""
    brush, light = stage.start_scenery("weather"), choose_daylight(stage)
    rng = brush.rng
    kind = rng.random()
    if kind < 0.1:
        brush.add_veil(mix(light.low, (236, 238, 240), 0.4), rng.uniform(0.25, 0.5))
    elif kind < 0.16:
        brush.add_veil(mix(light.low, (120, 140, 160), 0.5), 0.2)
        for x, y in rng.random((46, 2)):
            brush.draw_line([(x, y), (x - 0.02, y + 0.07)], 0.007, (206, 220, 232))
    elif kind < 0.2:
        brush.add_veil((226, 234, 242), 0.16)
        for x, y, radius in rng.random((54, 3)):
            brush.fill(make_oval(x, y, 0.006 + 0.008 * radius), (250, 251, 253))
