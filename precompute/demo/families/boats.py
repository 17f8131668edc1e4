"""Boats: sailboat and steamer. They share hull, mast, flag and bow wave."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, block, darker, lighter, oval, pick, smooth
from precompute.demo.subject import Subject

_HULLS = [(196, 66, 58), (60, 96, 150), (240, 234, 222), (70, 128, 120), (150, 100, 66), (54, 60, 76)]
_FLAGS = [(226, 70, 66), (250, 200, 70), (70, 130, 200), (110, 170, 100)]


def _hull(stage: Stage, pose: Pose, top: float) -> None:
    hull = stage.part("hull", pose)
    paint = pick(hull.rng, _HULLS)
    hull.glow(0, 0.9, 1.2, 0.2, (10, 36, 60), 0.7)
    outline = np.array([(-0.96, top), (1.06, top - 0.1), (0.74, 0.84), (0.5, 0.9), (-0.6, 0.9), (-0.82, 0.8)])
    hull.fill(outline, paint, 0.35)
    with hull.clip(outline):
        hull.fill(block(-1.1, 0.76, 1.1, 1), darker(paint, 0.45))
        hull.line([(-1.0, top + 0.06), (1.1, top - 0.04)], 0.06, lighter(paint, 0.6))


def _flag(stage: Stage, pose: Pose, x: float, y: float) -> None:
    flag = stage.part("flag", pose)
    flag.blob(
        [(x, y), (x - 0.16, y + 0.03), (x - 0.32, y), (x - 0.3, y + 0.2), (x - 0.16, y + 0.22), (x, y + 0.18)],
        pick(flag.rng, _FLAGS),
        0.2,
    )


def _wave(stage: Stage, pose: Pose) -> None:
    wave = stage.part("wave", pose)
    xs = np.linspace(-1.1, 1.1, 12)
    wave.line(np.stack([xs, 0.92 + 0.035 * np.sin(xs * 8 + wave.rng.uniform(0, 6))], axis=1), 0.07, (226, 242, 244))
    wave.line([(0.7, 0.8), (0.92, 0.86), (1.1, 0.94)], 0.06, (240, 248, 248))


def draw_sailboat(stage: Stage, pose: Pose) -> None:
    rng = stage.rng("rig")
    cloth = pick(rng, [(250, 246, 234), (240, 224, 190), (236, 140, 90), (206, 84, 80), (120, 170, 200)])
    mast = stage.part("mast", pose)
    mast.line([(0.0, 0.6), (0.0, -1.0)], 0.06, (116, 86, 62))
    bulge = rng.uniform(0.0, 0.2)
    main = stage.part("sail", pose)
    outline = smooth(
        [(-0.06, -0.92), (-0.06, -0.2), (-0.06, 0.44), (-0.5, 0.46), (-0.82, 0.42), (-0.5 - bulge, -0.1)], 5
    )
    main.fill(outline, cloth, 0.25)
    with main.clip(outline):
        if rng.random() < 0.5:
            main.fill(block(-1, -0.06, 0.1, 0.12), pick(rng, _FLAGS))
    jib = stage.part("sail", pose)
    jib.fill(
        smooth([(0.07, -0.78), (0.4 + bulge * 0.6, -0.1), (0.86, 0.4), (0.4, 0.44), (0.07, 0.42), (0.07, -0.2)], 5),
        lighter(cloth, 0.3),
        0.3,
    )
    _hull(stage, pose, 0.52)
    _flag(stage, pose, 0.0, -1.0)
    _wave(stage, pose)


def draw_steamer(stage: Stage, pose: Pose) -> None:
    rng = stage.rng("deck")
    smoke = stage.part("smoke", pose)
    for nth in range(5):
        smoke.fill(
            oval(-0.1 - 0.22 * nth, -0.72 - 0.09 * nth + smoke.rng.uniform(-0.03, 0.03), 0.1 + 0.045 * nth),
            (216 - 8 * nth, 216 - 8 * nth, 222 - 8 * nth),
            0.2,
        )
    stack = pick(rng, [(212, 70, 60), (60, 66, 84), (246, 190, 70)])
    for x in ((-0.1,), (-0.3, 0.08))[int(rng.integers(2))]:
        funnel = stage.part("funnel", pose)
        funnel.fill(block(x - 0.11, -0.56, x + 0.11, 0.2), stack, 0.35)
        funnel.fill(block(x - 0.12, -0.56, x + 0.12, -0.44), (44, 46, 56))
        funnel.fill(block(x - 0.11, -0.3, x + 0.11, -0.2), (246, 242, 230))
    mast = stage.part("mast", pose)
    mast.line([(0.62, 0.4), (0.62, -0.6)], 0.05, (116, 86, 62))
    cabin = stage.part("cabin", pose)
    cabin.fill(block(-0.62, 0.14, 0.52, 0.52, 0.03), (246, 242, 232), 0.25)
    cabin.fill(block(-0.4, -0.08, 0.4, 0.18, 0.03), (240, 234, 222), 0.25)
    for x in np.arange(-0.5, 0.5, 0.2):
        stage.part("window", pose).fill(block(x, 0.24, x + 0.12, 0.36), (90, 140, 170))
    _hull(stage, pose, 0.46)
    for x in np.arange(-0.6, 0.7, 0.3):
        porthole = stage.part("porthole", pose)
        porthole.fill(oval(x, 0.63, 0.075), (246, 240, 220))
        porthole.fill(oval(x, 0.63, 0.05), (70, 110, 140))
    _flag(stage, pose, 0.62, -0.6)
    _wave(stage, pose)


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
