"""The time of day, the sky with its clouds, and the hills on the horizon."""

from dataclasses import dataclass

import numpy as np

from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Rgb, jitter, lighten, make_oval, mix


@dataclass(frozen=True)
class Daylight:
    """A time of day.

    Attributes:
        top: colour of the sky at the top.
        low: colour of the sky at the horizon.
        tint: factors for red, green and blue of the whole image.
        lamp: colour of sun or moon; None for neither.
        stars: True at night.
    """

    top: Rgb
    low: Rgb
    tint: tuple[float, float, float]
    lamp: Rgb | None
    stars: bool = False


DAYLIGHTS = (
    Daylight((96, 170, 226), (214, 236, 244), (1.0, 1.0, 1.0), (255, 247, 214)),
    Daylight((70, 140, 210), (178, 222, 240), (1.0, 0.99, 0.96), (255, 250, 230)),
    Daylight((150, 190, 220), (252, 226, 190), (1.03, 0.98, 0.9), (255, 236, 180)),
    Daylight((236, 140, 110), (255, 214, 150), (1.05, 0.92, 0.8), (255, 240, 190)),
    Daylight((112, 84, 150), (246, 156, 130), (0.97, 0.83, 0.88), (255, 210, 160)),
    Daylight((166, 184, 196), (222, 228, 226), (0.95, 0.97, 0.99), None),
    Daylight((28, 38, 84), (86, 98, 150), (0.68, 0.74, 0.95), (246, 244, 224), True),
)
_DAYLIGHT_ODDS = np.array([0.22, 0.2, 0.16, 0.12, 0.1, 0.11, 0.09])


def choose_daylight(stage: Stage) -> Daylight:
    """Chooses the time of day of a scene, the same one on every call."""
    return DAYLIGHTS[int(stage.make_rng("daylight").choice(len(DAYLIGHTS), p=_DAYLIGHT_ODDS))]


def draw_sky(stage: Stage, horizon: float) -> None:
    """Draws a graded sky with sun or moon, stars at night, and clouds."""
    light, brush = choose_daylight(stage), stage.start_scenery("sky")
    rng = brush.rng
    brush.fill_gradient(0, horizon + 0.02, light.top, light.low)
    if light.stars:
        for x, y in rng.random((16, 2)):
            brush.fill(make_oval(x, y * horizon, 0.007), (250, 248, 226))
    if light.lamp and rng.random() < 0.6:
        x = rng.uniform(0.08, 0.3) if stage.light_from_left else rng.uniform(0.7, 0.92)
        y, radius = rng.uniform(0.08, max(0.12, horizon - 0.2)), rng.uniform(0.04, 0.075)
        brush.add_glow((x, y, radius * 4, radius * 4), light.lamp, 0.55)
        brush.fill(make_oval(x, y, radius), light.lamp)
        if light.stars:
            brush.fill(make_oval(x + radius * 0.45, y - radius * 0.2, radius * 0.8), mix(light.top, light.low, y))
    for _ in range(int(rng.integers(0, 4))):
        _draw_cloud(brush, light, horizon)


def _draw_cloud(brush: Brush, light: Daylight, horizon: float) -> None:
    rng = brush.rng
    x, y, size = rng.uniform(0, 1), rng.uniform(0.05, max(0.12, horizon * 0.75)), rng.uniform(0.05, 0.1)
    colour = mix(light.low, (255, 255, 255), 0.35 if light.stars else 0.7)
    for shade in (0.28, 0.0):
        for offset, scale in ((-1.25, 0.6), (-0.5, 0.95), (0.4, 1.15), (1.2, 0.7)):
            drop = size * (0.2 if shade else 0.0)
            brush.fill(
                make_oval(x + offset * size, y + drop - scale * size * 0.2, size * scale, size * scale * 0.62),
                mix(colour, light.top, shade),
            )


def draw_hills(stage: Stage, horizon: float, colour: Rgb, *, layers: int = 2, jagged: bool = False) -> None:
    """Draws rows of hills or mountains that fade towards the sky."""
    light, brush = choose_daylight(stage), stage.start_scenery("hills")
    rng = brush.rng
    for layer in range(layers):
        tone = mix(jitter(rng, colour, 10), light.low, 0.62 - 0.35 * layer / max(1, layers - 1))
        height = rng.uniform(0.07, 0.2) * (1 - 0.35 * layer)
        if jagged:
            xs = np.linspace(-0.1, 1.1, 9) + rng.uniform(-0.05, 0.05, 9)
            ys = horizon - height * np.where(np.arange(9) % 2, rng.uniform(0.8, 1.7, 9), rng.uniform(0.1, 0.6, 9))
            brush.fill([(-0.2, horizon + 0.05), *zip(xs, ys, strict=True), (1.2, horizon + 0.05)], tone)
            for peak in range(1, 9, 2):
                x, y = xs[peak], ys[peak]
                brush.fill([(x, y), (x + 0.03, y + 0.05), (x, y + 0.04), (x - 0.03, y + 0.055)], lighten(tone, 0.6))
        else:
            xs = np.linspace(0, 1, 24)
            phase = rng.uniform(0, 6.3, 2)
            wave = 0.6 + 0.3 * np.sin(xs * 5 + phase[0]) + 0.2 * np.sin(xs * 11 + phase[1])
            brush.fill([(0, horizon + 0.05), *zip(xs, horizon - height * wave, strict=True), (1, horizon + 0.05)], tone)
