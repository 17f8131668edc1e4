"""Insects: butterfly, bee, ladybird. They share antennae, wings, spots and stripes."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, Rgb, darken, lighten, make_oval, pick, smooth
from precompute.demo.subject import Subject

_DARK = (46, 38, 46)


def _draw_antennae(stage: Stage, pose: Pose, y: float, reach: float) -> None:
    antennae = stage.start_part("antennae", pose)
    for side in (-1, 1):
        antennae.draw_line([(side * 0.04, y), (side * 0.14, y - reach * 0.6), (side * 0.26, y - reach)], 0.035, _DARK)
        antennae.fill(make_oval(side * 0.26, y - reach, 0.045), _DARK)


def _draw_wing(
    stage: Stage, pose: Pose, outline: np.ndarray, tone: Rgb, spots: list[tuple[float, float, float]]
) -> None:
    wing = stage.start_part("wing", pose)
    wing.fill(outline, darken(tone, 0.55))
    middle = outline.mean(axis=0)
    inner = middle + (outline - middle) * 0.84
    wing.fill(inner, tone, 0.3)
    if spots:
        dots = stage.start_part("spots", pose)
        for x, y, radius in spots:
            dots.fill(make_oval(x, y, radius), lighten(tone, 0.65))
            dots.fill(make_oval(x, y, radius * 0.5), darken(tone, 0.5))


def draw_butterfly(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("wings")
    upper = pick(rng, [(240, 140, 50), (70, 140, 214), (236, 196, 70), (200, 80, 140), (150, 110, 200), (90, 180, 150)])
    lower = pick(rng, [upper, lighten(upper, 0.35), (240, 180, 90)])
    folded = rng.uniform(0.72, 1.0)
    for side in (-1, 1):
        wide = side * folded
        bottom = smooth(
            [(side * 0.05, 0.04), (wide * 0.6, 0.02), (wide * 0.78, 0.42), (wide * 0.5, 0.82), (wide * 0.2, 0.6)]
        )
        _draw_wing(stage, pose, bottom, lower, [(wide * 0.52, 0.42, 0.12)])
        top = smooth(
            [
                (side * 0.05, -0.06),
                (wide * 0.34, -0.6),
                (wide * 0.86, -0.86),
                (wide * 1.0, -0.5),
                (wide * 0.78, 0.0),
                (wide * 0.3, 0.12),
            ]
        )
        _draw_wing(stage, pose, top, upper, [(wide * 0.7, -0.5, 0.13), (wide * 0.46, -0.2, 0.09)])
    _draw_antennae(stage, pose, -0.36, 0.42)
    body = stage.start_part("body", pose)
    body.fill(make_oval(0, 0.06, 0.09, 0.5), _DARK, 0.3)
    head = stage.start_part("head", pose)
    head.fill(make_oval(0, -0.4, 0.12), _DARK, 0.3)


def draw_bee(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    yellow = pick(rng, [(250, 200, 54), (244, 178, 50), (252, 214, 90)])
    for angle in (-26, 14):
        wing = stage.start_part("wing", pose.make_child(-0.02, -0.22, 0.72, angle))
        wing.fill_blob([(0, 0), (-0.3, -0.5), (-0.1, -0.98), (0.26, -0.86), (0.3, -0.4)], (222, 236, 244), 0.2)
        wing.draw_line([(0.02, -0.1), (0.0, -0.7)], 0.03, (170, 196, 214))
    sting = stage.start_part("sting", pose)
    sting.fill([(-0.7, 0.04), (-0.98, 0.16), (-0.7, 0.24)], _DARK)
    body = stage.start_part("body", pose)
    outline = smooth(
        [
            (-0.8, 0.12),
            (-0.55, -0.26),
            (-0.1, -0.4),
            (0.34, -0.26),
            (0.42, 0.14),
            (0.2, 0.48),
            (-0.3, 0.54),
            (-0.66, 0.36),
        ]
    )
    body.fill(outline, yellow, 0.3)
    stripes = stage.start_part("stripes", pose)
    with stripes.clip(outline):
        for x in (-0.62, -0.3, 0.02):
            stripes.fill_blob(
                [
                    (x - 0.08, -0.6),
                    (x + 0.08, -0.6),
                    (x + 0.14, 0.05),
                    (x + 0.08, 0.7),
                    (x - 0.08, 0.7),
                    (x - 0.02, 0.05),
                ],
                _DARK,
            )
    head = stage.start_part("head", pose)
    head.fill(make_oval(0.54, 0.02, 0.29), darken(yellow, 0.1), 0.3)
    eyes = stage.start_part("eyes", pose)
    eyes.fill(make_oval(0.62, -0.04, 0.11), (250, 248, 240))
    eyes.fill(make_oval(0.645, -0.03, 0.07), (24, 22, 30))
    _draw_antennae(stage, pose.make_child(0.56, -0.1, 0.9, 22), -0.12, 0.38)


def draw_ladybird(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("shell")
    red = pick(rng, [(212, 48, 44), (226, 92, 48), (240, 178, 60), (190, 44, 66)])
    legs = stage.start_part("legs", pose)
    for side in (-1, 1):
        for y in (-0.2, 0.2, 0.56):
            legs.draw_line([(side * 0.5, y), (side * 0.8, y - 0.06), (side * 0.9, y + 0.12)], 0.07, _DARK)
    shell = stage.start_part("shell", pose)
    shell.add_glow((0, 0.24, 1.0, 0.95), (16, 30, 20), 0.6)
    head = stage.start_part("head", pose)
    head.fill(make_oval(0, -0.52, 0.4, 0.32), _DARK, 0.3)
    for side in (-1, 1):
        head.fill(make_oval(side * 0.22, -0.62, 0.09), (246, 242, 232))
    _draw_antennae(stage, pose, -0.74, 0.26)
    shell.fill(make_oval(0, 0.18, 0.7, 0.74), red, 0.42)
    shell.draw_line([(0, -0.5), (0, 0.92)], 0.05, _DARK)
    spots = stage.start_part("spots", pose)
    size = rng.uniform(0.1, 0.15)
    for side in (-1, 1):
        for x, y in ((0.3, -0.16), (0.42, 0.24), (0.2, 0.58))[: int(rng.integers(2, 4))]:
            spots.fill(make_oval(side * x, y, size), _DARK)
    shell.add_glow((-0.25, -0.2, 0.25, 0.3), (255, 255, 255), 0.5)


_GARDEN = ("leaves", "leaves", "meadow")
SUBJECTS = (
    Subject(
        "butterfly",
        "insects",
        ("wing", "spots", "antennae", "body", "head"),
        (*_GARDEN, "open_sky"),
        draw_butterfly,
        (0.22, 0.42),
        (0.7, 0.96),
        (0.32, 0.68),
        40,
    ),
    Subject(
        "bee",
        "insects",
        ("wing", "stripes", "sting", "antennae", "body", "head", "eyes"),
        (*_GARDEN, "open_sky"),
        draw_bee,
        (0.22, 0.42),
        (0.7, 0.96),
        (0.34, 0.66),
        25,
    ),
    Subject(
        "ladybird",
        "insects",
        ("shell", "spots", "antennae", "legs", "head"),
        _GARDEN,
        draw_ladybird,
        (0.2, 0.38),
        (0.7, 0.96),
        (0.32, 0.68),
        50,
    ),
)
