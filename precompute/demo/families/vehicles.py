"""Vehicles: car, bus, truck, tractor. They share wheels, windows, headlight and bumper."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, Rgb, darken, lighten, make_block, make_oval, pick, smooth
from precompute.demo.subject import Subject

_PAINT = [
    (206, 62, 56),
    (58, 120, 190),
    (246, 190, 62),
    (74, 150, 110),
    (240, 236, 226),
    (120, 96, 160),
    (234, 126, 60),
    (70, 84, 104),
]
_GLASS = (176, 216, 232)


def _draw_shadow(stage: Stage, pose: Pose) -> None:
    stage.start_part("body", pose).add_glow((0, 0.97, 1.15, 0.16), (16, 18, 28), 0.8)


def _draw_wheel(stage: Stage, pose: Pose, x: float, y: float, radius: float) -> None:
    wheel = stage.start_part("wheel", pose)
    wheel.fill(make_oval(x, y, radius), (40, 42, 50))
    wheel.fill(make_oval(x, y, radius * 0.62), (200, 204, 210), 0.35)
    for turn in range(0, 180, 45):
        dx, dy = np.cos(np.radians(turn)) * radius * 0.5, np.sin(np.radians(turn)) * radius * 0.5
        wheel.draw_line([(x - dx, y - dy), (x + dx, y + dy)], radius * 0.12, (140, 146, 156))
    wheel.fill(make_oval(x, y, radius * 0.2), (80, 84, 94))


def _draw_window(stage: Stage, pose: Pose, outline: np.ndarray) -> None:
    window = stage.start_part("window", pose)
    window.fill(outline, _GLASS, 0.35)
    with window.clip(outline):
        low, high = outline.min(axis=0), outline.max(axis=0)
        x, wide = low[0] + (high[0] - low[0]) * 0.3, (high[0] - low[0]) * 0.22
        window.fill(
            [(x, low[1]), (x + wide, low[1]), (x + wide - 0.12, high[1]), (x - 0.12, high[1])], lighten(_GLASS, 0.6)
        )


def _draw_headlight(stage: Stage, pose: Pose, x: float, y: float) -> None:
    lamp = stage.start_part("headlight", pose)
    lamp.add_glow((x + 0.12, y, 0.26, 0.2), (255, 244, 190), 0.5)
    lamp.fill(make_oval(x, y, 0.07, 0.09), (255, 240, 176))


def _choose_paint(stage: Stage) -> Rgb:
    return pick(stage.make_rng("paint"), _PAINT)


def draw_car(stage: Stage, pose: Pose) -> None:
    paint = _choose_paint(stage)
    low = stage.make_rng("shape").uniform(-0.06, 0.1)
    _draw_shadow(stage, pose)
    cabin = stage.start_part("cabin", pose)
    cabin.fill(
        smooth(
            [
                (-0.66, 0.3),
                (-0.5, -0.18 + low),
                (-0.3, -0.32 + low),
                (0.12, -0.32 + low),
                (0.32, -0.2 + low),
                (0.56, 0.3),
            ]
        ),
        lighten(paint, 0.06),
        0.25,
    )
    _draw_window(
        stage,
        pose,
        np.array([(-0.52, 0.2), (-0.42, -0.12 + low), (-0.3, -0.22 + low), (-0.08, -0.22 + low), (-0.08, 0.2)]),
    )
    _draw_window(
        stage, pose, np.array([(0.0, 0.2), (0.0, -0.22 + low), (0.14, -0.22 + low), (0.26, -0.13 + low), (0.44, 0.2)])
    )
    body = stage.start_part("body", pose)
    body.fill(
        smooth(
            [
                (-0.98, 0.3),
                (-0.6, 0.18),
                (0.5, 0.18),
                (0.9, 0.3),
                (1.0, 0.5),
                (0.98, 0.78),
                (0.5, 0.82),
                (-0.5, 0.82),
                (-0.98, 0.78),
                (-1.02, 0.5),
            ]
        ),
        paint,
        0.35,
    )
    body.draw_line([(-0.04, 0.24), (-0.04, 0.74)], 0.025, darken(paint, 0.35))
    body.draw_line([(0.04, 0.4), (0.18, 0.4)], 0.035, darken(paint, 0.4))
    bumper = stage.start_part("bumper", pose)
    bumper.fill(make_block(-1.02, 0.7, 1.02, 0.78, 0.03), darken(paint, 0.4))
    _draw_headlight(stage, pose, 0.92, 0.46)
    for x in (-0.56, 0.58):
        _draw_wheel(stage, pose, x, 0.76, 0.23)


def draw_bus(stage: Stage, pose: Pose) -> None:
    paint = _choose_paint(stage)
    _draw_shadow(stage, pose)
    body = stage.start_part("body", pose)
    body.fill(make_block(-1.0, -0.52, 1.0, 0.8, 0.12), paint, 0.3)
    stripe = stage.start_part("stripe", pose)
    stripe.fill(make_block(-1.0, 0.2, 1.0, 0.32), lighten(paint, 0.65) if sum(paint) < 600 else (206, 80, 70))
    body.fill(make_block(-0.95, -0.52, 0.95, -0.44, 0.03), lighten(paint, 0.4))
    for x in np.arange(-0.92, 0.5, 0.35):
        _draw_window(stage, pose, make_block(x, -0.34, x + 0.28, 0.08, 0.04))
    door = stage.start_part("door", pose)
    door.fill(make_block(0.54, -0.3, 0.78, 0.74, 0.03), darken(paint, 0.3))
    door.fill(make_block(0.57, -0.24, 0.65, 0.5), _GLASS, 0.3)
    door.fill(make_block(0.67, -0.24, 0.75, 0.5), _GLASS, 0.3)
    _draw_window(stage, pose, make_block(0.84, -0.34, 0.99, 0.14, 0.03))
    bumper = stage.start_part("bumper", pose)
    bumper.fill(make_block(-1.02, 0.7, 1.02, 0.8, 0.03), darken(paint, 0.45))
    _draw_headlight(stage, pose, 0.94, 0.52)
    for x in (-0.6, 0.38):
        _draw_wheel(stage, pose, x, 0.78, 0.21)


def draw_truck(stage: Stage, pose: Pose) -> None:
    paint, rng = _choose_paint(stage), stage.make_rng("load")
    _draw_shadow(stage, pose)
    load = stage.start_part("load", pose)
    box = pick(rng, [(238, 232, 220), (170, 178, 186), (226, 196, 150), (120, 150, 170)])
    if rng.random() < 0.55:
        load.fill(make_block(-1.0, -0.5, 0.4, 0.66, 0.04), box, 0.3)
        for x in np.arange(-0.86, 0.36, 0.2):
            load.draw_line([(x, -0.42), (x, 0.56)], 0.02, darken(box, 0.2))
        load.fill(make_block(-1.0, 0.1, 0.4, 0.22), paint)
    else:
        for x, y in ((-0.78, 0.2), (-0.42, 0.1), (-0.06, 0.14), (0.2, 0.24), (-0.6, 0.02), (-0.2, -0.04)):
            load.fill(make_oval(x, y, 0.26), _choose_cargo_colour(rng), 0.4)
        load.fill(make_block(-1.0, 0.24, 0.42, 0.66), box, 0.3)
        load.draw_line([(-0.96, 0.44), (0.4, 0.44)], 0.03, darken(box, 0.3))
    frame = stage.start_part("bumper", pose)
    frame.fill(make_block(-1.0, 0.64, 1.02, 0.76), (66, 70, 80))
    cabin = stage.start_part("cabin", pose)
    cabin.fill(
        smooth([(0.44, 0.72), (0.44, -0.3), (0.52, -0.38), (0.78, -0.36), (0.92, 0.1), (1.02, 0.24), (1.02, 0.7)], 4),
        paint,
        0.35,
    )
    _draw_window(stage, pose, np.array([(0.54, 0.14), (0.54, -0.24), (0.74, -0.24), (0.86, 0.14)]))
    cabin.draw_line([(0.5, 0.24), (0.5, 0.64)], 0.025, darken(paint, 0.3))
    _draw_headlight(stage, pose, 0.97, 0.46)
    for x in (-0.72, -0.22, 0.72):
        _draw_wheel(stage, pose, x, 0.78, 0.2)


def _choose_cargo_colour(rng: np.random.Generator) -> Rgb:
    """Chooses the colour of one piece of cargo: of logs, hay or cabbages."""
    return pick(rng, [(160, 116, 76), (222, 186, 96), (128, 166, 90)])


def draw_tractor(stage: Stage, pose: Pose) -> None:
    paint = _choose_paint(stage)
    _draw_shadow(stage, pose)
    pipe = stage.start_part("exhaust", pose)
    pipe.fill(make_block(0.5, -0.36, 0.58, 0.2), (60, 62, 70))
    for x, y, radius in ((0.52, -0.48, 0.07), (0.44, -0.62, 0.1), (0.32, -0.8, 0.13)):
        pipe.fill(make_oval(x, y, radius), (206, 208, 212))
    cabin = stage.start_part("cabin", pose)
    cabin.fill(np.array([(-0.62, 0.36), (-0.56, -0.5), (0.06, -0.5), (0.16, 0.36)]), darken(paint, 0.1), 0.3)
    cabin.fill(make_block(-0.68, -0.62, 0.16, -0.48, 0.05), darken(paint, 0.3))
    _draw_window(stage, pose, np.array([(-0.5, 0.12), (-0.46, -0.4), (-0.04, -0.4), (0.04, 0.12)]))
    body = stage.start_part("body", pose)
    body.fill(
        smooth([(-0.6, 0.3), (0.1, 0.14), (0.8, 0.12), (0.94, 0.24), (0.94, 0.6), (0.2, 0.68), (-0.6, 0.66)]),
        paint,
        0.35,
    )
    for x in (0.5, 0.6, 0.7):
        body.draw_line([(x, 0.26), (x, 0.5)], 0.03, darken(paint, 0.4))
    _draw_headlight(stage, pose, 0.92, 0.28)
    bumper = stage.start_part("bumper", pose)
    bumper.fill(make_block(-0.2, 0.6, 0.9, 0.7), (66, 70, 80))
    _draw_wheel(stage, pose, -0.48, 0.5, 0.46)
    _draw_wheel(stage, pose, 0.66, 0.7, 0.26)


_SHARED = ("wheel", "window", "headlight", "bumper", "body")
_ROADS = ("street", "street", "desert", "mountains", "meadow")
SUBJECTS = (
    Subject("car", "vehicles", (*_SHARED, "cabin"), _ROADS, draw_car, (0.24, 0.42)),
    Subject("bus", "vehicles", (*_SHARED, "stripe", "door"), _ROADS, draw_bus, (0.28, 0.44)),
    Subject("truck", "vehicles", (*_SHARED, "cabin", "load"), _ROADS, draw_truck, (0.28, 0.44)),
    Subject("tractor", "vehicles", (*_SHARED, "cabin", "exhaust"), (*_ROADS, "meadow"), draw_tractor, (0.25, 0.42)),
)
