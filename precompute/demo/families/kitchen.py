"""Things on the table: teapot and cup. They share the china's pattern, the handle and the steam."""

import numpy as np

from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Pose, Rgb, darken, lighten, make_block, make_oval, pick, smooth
from precompute.demo.subject import Subject

_CHINA = [
    (246, 240, 228),
    (90, 140, 176),
    (214, 96, 84),
    (240, 196, 100),
    (120, 170, 140),
    (206, 150, 170),
    (70, 84, 116),
]


def _choose_china(stage: Stage) -> tuple[Rgb, Rgb]:
    rng = stage.make_rng("china")
    ground = pick(rng, _CHINA)
    return ground, (
        lighten(ground, 0.7) if sum(ground) < 560 else pick(rng, [(60, 110, 180), (206, 80, 80), (80, 150, 110)])
    )


def _draw_pattern(stage: Stage, pose: Pose, outline: np.ndarray, tone: Rgb) -> None:
    """Draws spots, bands or flowers on the china, or nothing in one scene of four."""
    pattern = stage.start_part("pattern", pose)
    kind = stage.make_rng("pattern kind").integers(4)
    with pattern.clip(outline):
        if kind == 0:
            for row, y in enumerate(np.arange(-0.5, 0.9, 0.26)):
                for x in np.arange(-0.9 + 0.14 * (row % 2), 0.9, 0.28):
                    pattern.fill(make_oval(x, y, 0.07), tone)
        elif kind == 1:
            pattern.fill(make_block(-1, 0.1, 1, 0.22), tone)
            pattern.fill(make_block(-1, 0.34, 1, 0.4), tone)
        elif kind == 2:
            for x in (-0.42, 0.0, 0.42):
                _draw_flower(pattern, x, 0.28, tone)


def _draw_flower(brush: Brush, x: float, y: float, tone: Rgb) -> None:
    for turn in range(0, 360, 72):
        brush.fill(make_oval(x + 0.1 * np.cos(np.radians(turn)), y + 0.1 * np.sin(np.radians(turn)), 0.075), tone)
    brush.fill(make_oval(x, y, 0.055), (250, 210, 100))


def _draw_steam(stage: Stage, pose: Pose, x: float, y: float) -> None:
    steam = stage.start_part("steam", pose)
    if stage.make_rng("hot").random() < 0.7:
        ys = np.linspace(0, 1, 9)
        for offset in (-0.16, 0.1):
            xs = x + offset + 0.07 * np.sin(ys * 7 + steam.rng.uniform(0, 6))
            steam.draw_line(np.stack([xs, y - 0.62 * ys], axis=1), 0.06, (244, 246, 248))


def draw_teapot(stage: Stage, pose: Pose) -> None:
    china, tone = _choose_china(stage)
    rng = stage.make_rng("shape")
    squat = rng.uniform(-0.06, 0.08)
    handle = stage.start_part("handle", pose)
    handle.draw_line(
        [(-0.5, -0.14), (-0.86, -0.22), (-1.0, 0.1), (-0.9, 0.46), (-0.52, 0.56)], 0.16, darken(china, 0.15)
    )
    spout = stage.start_part("spout", pose)
    spout.fill_blob(
        [(0.4, 0.5), (0.64, 0.44), (0.82, 0.0), (1.06, -0.3), (0.9, -0.36), (0.66, -0.12), (0.5, 0.1)],
        darken(china, 0.06),
        0.3,
    )
    _draw_steam(stage, pose, 1.0, -0.42)
    body = stage.start_part("body", pose)
    body.add_glow((0, 0.9, 1.1, 0.16), (26, 20, 24), 0.75)
    outline = smooth(
        [(-0.4, -0.36 + squat), (0.4, -0.36 + squat), (0.7, 0.2), (0.5, 0.8), (0, 0.9), (-0.5, 0.8), (-0.7, 0.2)]
    )
    body.fill(outline, china, 0.4)
    _draw_pattern(stage, pose, outline, tone)
    body.add_glow((-0.3 if stage.light_from_left else 0.3, 0.0, 0.22, 0.35), (255, 255, 255), 0.6)
    lid = stage.start_part("lid", pose)
    lid.fill_blob(
        [
            (-0.42, -0.32 + squat),
            (-0.3, -0.52 + squat),
            (0, -0.6 + squat),
            (0.3, -0.52 + squat),
            (0.42, -0.32 + squat),
            (0, -0.26 + squat),
        ],
        lighten(china, 0.2),
        0.35,
    )
    lid.fill(make_oval(0, -0.66 + squat, 0.1), tone, 0.3)


def draw_cup(stage: Stage, pose: Pose) -> None:
    china, tone = _choose_china(stage)
    rng = stage.make_rng("shape")
    drink = pick(rng, [(110, 66, 40), (176, 110, 50), (120, 150, 70), (90, 56, 44)])
    taper = rng.uniform(0.0, 0.2)
    saucer = stage.start_part("saucer", pose)
    saucer.add_glow((0, 0.95, 1.2, 0.16), (26, 20, 24), 0.75)
    saucer.fill(make_oval(0, 0.86, 0.96, 0.15), lighten(china, 0.1), 0.35)
    saucer.fill(make_oval(0, 0.84, 0.62, 0.08), darken(china, 0.16))
    handle = stage.start_part("handle", pose)
    handle.draw_line([(0.5, 0.0), (0.86, 0.0), (0.94, 0.26), (0.8, 0.5), (0.46, 0.54)], 0.14, darken(china, 0.15))
    _draw_steam(stage, pose, 0.0, -0.34)
    body = stage.start_part("body", pose)
    outline = smooth(
        [
            (-0.64, -0.24),
            (0.64, -0.24),
            (0.62 - taper * 0.5, 0.4),
            (0.36 - taper, 0.84),
            (-0.36 + taper, 0.84),
            (-0.62 + taper * 0.5, 0.4),
        ],
        5,
    )
    body.fill(outline, china, 0.38)
    _draw_pattern(stage, pose, outline, tone)
    rim = stage.start_part("rim", pose)
    rim.fill(make_oval(0, -0.24, 0.66, 0.15), lighten(china, 0.3))
    rim.fill(make_oval(0, -0.23, 0.57, 0.11), drink)
    body.add_glow((-0.3 if stage.light_from_left else 0.3, 0.2, 0.2, 0.35), (255, 255, 255), 0.5)


SUBJECTS = (
    Subject(
        "teapot",
        "kitchen",
        ("body", "handle", "pattern", "steam", "spout", "lid"),
        ("room",),
        draw_teapot,
        (0.22, 0.38),
        (0.8, 0.95),
        tilt=3,
    ),
    Subject(
        "cup",
        "kitchen",
        ("body", "handle", "pattern", "steam", "saucer", "rim"),
        ("room",),
        draw_cup,
        (0.2, 0.36),
        (0.8, 0.95),
        tilt=3,
    ),
)
