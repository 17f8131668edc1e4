"""Boats: sailboat and steamer. They share hull, mast, flag and bow wave."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, darken, lighten, make_block, make_oval, pick, smooth
from precompute.demo.subject import Subject

_HULLS = [(196, 66, 58), (60, 96, 150), (240, 234, 222), (70, 128, 120), (150, 100, 66), (54, 60, 76)]
_FLAGS = [(226, 70, 66), (250, 200, 70), (70, 130, 200), (110, 170, 100)]


def _draw_hull(stage: Stage, pose: Pose, top: float) -> None:
    hull = stage.start_part("hull", pose)
    paint = pick(hull.rng, _HULLS)
    hull.add_glow((0, 0.9, 1.2, 0.2), (10, 36, 60), 0.7)
    outline = np.array([(-0.96, top), (1.06, top - 0.1), (0.74, 0.84), (0.5, 0.9), (-0.6, 0.9), (-0.82, 0.8)])
    hull.fill(outline, paint, 0.35)
    with hull.clip(outline):
        hull.fill(make_block(-1.1, 0.76, 1.1, 1), darken(paint, 0.45))
        hull.draw_line([(-1.0, top + 0.06), (1.1, top - 0.04)], 0.06, lighten(paint, 0.6))


def _draw_flag(stage: Stage, pose: Pose, x: float, y: float) -> None:
    flag = stage.start_part("flag", pose)
    flag.fill_blob(
        [(x, y), (x - 0.16, y + 0.03), (x - 0.32, y), (x - 0.3, y + 0.2), (x - 0.16, y + 0.22), (x, y + 0.18)],
        pick(flag.rng, _FLAGS),
        0.2,
    )


def _draw_wave(stage: Stage, pose: Pose) -> None:
    wave = stage.start_part("wave", pose)
    xs = np.linspace(-1.1, 1.1, 12)
    wave.draw_line(
        np.stack([xs, 0.92 + 0.035 * np.sin(xs * 8 + wave.rng.uniform(0, 6))], axis=1), 0.07, (226, 242, 244)
    )
    wave.draw_line([(0.7, 0.8), (0.92, 0.86), (1.1, 0.94)], 0.06, (240, 248, 248))


def draw_sailboat(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("rig")
    cloth = pick(rng, [(250, 246, 234), (240, 224, 190), (236, 140, 90), (206, 84, 80), (120, 170, 200)])
    mast = stage.start_part("mast", pose)
    mast.draw_line([(0.0, 0.6), (0.0, -1.0)], 0.06, (116, 86, 62))
    bulge = rng.uniform(0.0, 0.2)
    main = stage.start_part("sail", pose)
    outline = smooth(
        [(-0.06, -0.92), (-0.06, -0.2), (-0.06, 0.44), (-0.5, 0.46), (-0.82, 0.42), (-0.5 - bulge, -0.1)], 5
    )
    main.fill(outline, cloth, 0.25)
    with main.clip(outline):
        if rng.random() < 0.5:
            main.fill(make_block(-1, -0.06, 0.1, 0.12), pick(rng, _FLAGS))
    jib = stage.start_part("sail", pose)
    jib.fill(
        smooth([(0.07, -0.78), (0.4 + bulge * 0.6, -0.1), (0.86, 0.4), (0.4, 0.44), (0.07, 0.42), (0.07, -0.2)], 5),
        lighten(cloth, 0.3),
        0.3,
    )
    _draw_hull(stage, pose, 0.52)
    _draw_flag(stage, pose, 0.0, -1.0)
    _draw_wave(stage, pose)


def draw_steamer(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("deck")
    smoke = stage.start_part("smoke", pose)
    for nth in range(5):
        smoke.fill(
            make_oval(-0.1 - 0.22 * nth, -0.72 - 0.09 * nth + smoke.rng.uniform(-0.03, 0.03), 0.1 + 0.045 * nth),
            (216 - 8 * nth, 216 - 8 * nth, 222 - 8 * nth),
            0.2,
        )
    stack = pick(rng, [(212, 70, 60), (60, 66, 84), (246, 190, 70)])
    for x in ((-0.1,), (-0.3, 0.08))[int(rng.integers(2))]:
        funnel = stage.start_part("funnel", pose)
        funnel.fill(make_block(x - 0.11, -0.56, x + 0.11, 0.2), stack, 0.35)
        funnel.fill(make_block(x - 0.12, -0.56, x + 0.12, -0.44), (44, 46, 56))
        funnel.fill(make_block(x - 0.11, -0.3, x + 0.11, -0.2), (246, 242, 230))
    mast = stage.start_part("mast", pose)
    mast.draw_line([(0.62, 0.4), (0.62, -0.6)], 0.05, (116, 86, 62))
    cabin = stage.start_part("cabin", pose)
    cabin.fill(make_block(-0.62, 0.14, 0.52, 0.52, 0.03), (246, 242, 232), 0.25)
    cabin.fill(make_block(-0.4, -0.08, 0.4, 0.18, 0.03), (240, 234, 222), 0.25)
    for x in np.arange(-0.5, 0.5, 0.2):
        stage.start_part("window", pose).fill(make_block(x, 0.24, x + 0.12, 0.36), (90, 140, 170))
    _draw_hull(stage, pose, 0.46)
    for x in np.arange(-0.6, 0.7, 0.3):
        porthole = stage.start_part("porthole", pose)
        porthole.fill(make_oval(x, 0.63, 0.075), (246, 240, 220))
        porthole.fill(make_oval(x, 0.63, 0.05), (70, 110, 140))
    _draw_flag(stage, pose, 0.62, -0.6)
    _draw_wave(stage, pose)


_SHARED = ("hull", "mast", "flag", "wave")
SUBJECTS = (
    Subject(
        "sailboat",
        "boats",
        (*_SHARED, "sail"),
        ("sea", "sea", "lake"),
        draw_sailboat,
        (0.22, 0.42),
        (0.76, 0.96),
        tilt=7,
    ),
    Subject(
        "steamer",
        "boats",
        (*_SHARED, "smoke", "funnel", "cabin", "window", "porthole"),
        ("sea", "sea", "lake"),
        draw_steamer,
        (0.24, 0.42),
        (0.76, 0.96),
        tilt=5,
    ),
)
