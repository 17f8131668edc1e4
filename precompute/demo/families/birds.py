"""Birds: owl, parrot, duck, penguin. They share beak, wing, eye and feet."""

import numpy as np

from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Pose, Rgb, darken, jitter, lighten, make_block, make_oval, mix, pick, smooth
from precompute.demo.subject import ANYWHERE, Subject

_BEAK = (240, 164, 52)


def _draw_eye(brush: Brush, x: float, y: float, radius: float, iris: Rgb = (250, 246, 236)) -> None:
    brush.fill(make_oval(x, y, radius), iris)
    brush.fill(make_oval(x, y, radius * 0.62), (24, 22, 30))
    brush.fill(make_oval(x - radius * 0.2, y - radius * 0.24, radius * 0.24), (255, 255, 255))


def _draw_branch(stage: Stage, pose: Pose, y: float) -> None:
    """Draws a branch to sit on, across the whole image."""
    branch = stage.start_part("branch", pose)
    tone = pick(branch.rng, [(112, 80, 58), (136, 98, 66), (92, 74, 66)])
    left, right = branch.rng.uniform(-0.12, 0.12, 2)
    branch.draw_line([(-5, y + left * 3), (-1, y + 0.03), (0, y), (1, y - 0.02), (5, y + right * 3)], 0.16, tone)
    branch.draw_line([(-5, y + left * 3 - 0.04), (0, y - 0.05), (5, y + right * 3 - 0.04)], 0.04, lighten(tone, 0.3))
    for x in branch.rng.uniform(0.7, 1.9, 2) * (-1, 1):
        leaf = pose.make_child(float(x), y - 0.12, 0.3, float(branch.rng.uniform(-70, 0)))
        stage.start_scenery("twig", leaf).fill_blob([(-1, 0), (0, -0.4), (1, 0), (0, 0.4)], (100, 156, 80), 0.3)


def _draw_feet(stage: Stage, pose: Pose, y: float, spread: float, colour: Rgb = _BEAK) -> None:
    feet = stage.start_part("feet", pose)
    for side in (-1, 1):
        for toe in (-0.08, 0.0, 0.08):
            feet.draw_line([(side * spread, y - 0.06), (side * spread + toe, y + 0.05)], 0.07, darken(colour, 0.12))


def draw_owl(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    coat = pick(rng, [(150, 108, 74), (120, 96, 86), (176, 140, 100), (206, 196, 184)])
    pale = lighten(coat, 0.55)
    _draw_branch(stage, pose, 0.86)
    body = stage.start_part("body", pose)
    outline = smooth(
        [
            (-0.5, -0.72),
            (0, -0.8),
            (0.5, -0.72),
            (0.62, -0.1),
            (0.54, 0.5),
            (0.22, 0.86),
            (-0.22, 0.86),
            (-0.54, 0.5),
            (-0.62, -0.1),
        ]
    )
    body.fill(outline, coat, 0.3)
    body.add_grain(outline, darken(coat, 0.3), 0.5)
    belly = stage.start_part("belly", pose)
    belly.fill(make_oval(0, 0.32, 0.4, 0.46), pale, 0.2)
    for row, y in enumerate((0.08, 0.26, 0.44, 0.6)):
        for x in np.arange(-0.24 + 0.08 * (row % 2), 0.28, 0.16):
            belly.draw_line([(x - 0.05, y - 0.03), (x, y + 0.03), (x + 0.05, y - 0.03)], 0.035, darken(coat, 0.1))
    for side in (-1, 1):
        wing = stage.start_part("wing", pose)
        wing.fill_blob(
            [(side * 0.46, -0.18), (side * 0.72, 0.1), (side * 0.66, 0.55), (side * 0.42, 0.78), (side * 0.4, 0.3)],
            darken(coat, 0.22),
            0.3,
        )
    tufts = stage.start_part("ear tufts", pose)
    for side in (-1, 1):
        tufts.fill([(side * 0.2, -0.72), (side * 0.6, -1.0), (side * 0.58, -0.5)], darken(coat, 0.15))
    eyes = stage.start_part("eyes", pose)
    iris = pick(rng, [(246, 190, 60), (240, 150, 60), (250, 222, 120)])
    for side in (-1, 1):
        eyes.fill(make_oval(side * 0.26, -0.38, 0.3), pale, 0.15)
        _draw_eye(eyes, side * 0.24, -0.38, 0.19, iris)
    beak = stage.start_part("beak", pose)
    beak.fill_blob([(-0.09, -0.3), (0.09, -0.3), (0.05, -0.12), (0, -0.04), (-0.05, -0.12)], _BEAK, 0.3)
    _draw_feet(stage, pose, 0.84, 0.18)


def draw_parrot(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    coat = pick(rng, [(214, 58, 52), (60, 158, 84), (44, 120, 200), (244, 184, 50)])
    feather = pick(rng, [(44, 110, 196), (248, 196, 60), (56, 160, 96), (220, 76, 60)])
    tail = stage.start_part("tail", pose)
    for nth, lean in enumerate((-0.16, -0.06, 0.05)):
        tail.fill_blob(
            [(-0.2, 0.4), (-0.06, 0.44), (-0.34 + lean, 1.12), (-0.46 + lean, 1.1)], mix(coat, feather, nth / 2), 0.3
        )
    _draw_branch(stage, pose, 0.66)
    body = stage.start_part("body", pose)
    body.fill(
        smooth([(0.02, -0.5), (0.34, -0.3), (0.38, 0.14), (0.16, 0.58), (-0.1, 0.66), (-0.32, 0.4), (-0.3, -0.1)]),
        coat,
        0.35,
    )
    head = stage.start_part("head", pose)
    head.fill(make_oval(0.16, -0.56, 0.34, 0.32), coat, 0.3)
    head.fill(make_oval(0.32, -0.5, 0.17, 0.17), (246, 240, 226))
    beak = stage.start_part("beak", pose)
    dark = bool(rng.random() < 0.5)
    beak.fill_blob(
        [(0.38, -0.68), (0.58, -0.62), (0.66, -0.42), (0.56, -0.22), (0.54, -0.38), (0.4, -0.4)],
        (60, 56, 62) if dark else _BEAK,
        0.35,
    )
    wing = stage.start_part("wing", pose)
    wing.fill_blob(
        [(0.1, -0.24), (0.18, 0.1), (-0.08, 0.5), (-0.36, 0.78), (-0.38, 0.3), (-0.24, -0.16)], feather, 0.35
    )
    wing.fill_blob([(0.08, -0.2), (0.12, 0.06), (-0.06, 0.2), (-0.28, 0.2), (-0.22, -0.12)], lighten(feather, 0.3), 0.2)
    for x in (-0.08, -0.2, -0.3):
        wing.draw_line([(x, 0.2), (x - 0.06, 0.56)], 0.025, darken(feather, 0.3))
    _draw_eye(stage.start_part("eyes", pose), 0.26, -0.6, 0.1)
    _draw_feet(stage, pose, 0.62, 0.1, (110, 100, 104))


def draw_duck(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    coat, head_tone = pick(rng, [(246, 240, 226), (176, 140, 104), (250, 214, 90), (150, 140, 134)]), None
    if rng.random() < 0.5:
        head_tone = pick(rng, [(36, 116, 80), (60, 74, 130)])
    body = stage.start_part("body", pose)
    body.add_glow((0, 0.7, 1.0, 0.2), (14, 40, 60), 0.7)
    body.fill(
        smooth(
            [
                (-1.0, -0.14),
                (-0.6, 0.06),
                (-0.1, -0.02),
                (0.4, -0.06),
                (0.76, 0.2),
                (0.66, 0.56),
                (0.2, 0.74),
                (-0.5, 0.68),
                (-0.86, 0.34),
            ]
        ),
        coat,
        0.4,
    )
    neck = stage.start_part("head", pose)
    neck.fill_blob(
        [(0.3, 0.2), (0.34, -0.3), (0.5, -0.5), (0.74, -0.3), (0.76, 0.24), (0.52, 0.4)], head_tone or coat, 0.2
    )
    neck.fill(make_oval(0.54, -0.56, 0.31, 0.3), head_tone or coat, 0.3)
    if head_tone:
        neck.draw_line([(0.33, 0.06), (0.54, 0.12), (0.74, 0.06)], 0.07, (246, 244, 236))
    wing = stage.start_part("wing", pose)
    feather = darken(coat, 0.18)
    wing.fill_blob([(0.26, 0.1), (0.24, 0.42), (-0.2, 0.54), (-0.74, 0.2), (-0.5, 0.06), (-0.1, 0.08)], feather, 0.3)
    for x in (0.0, -0.18, -0.36):
        wing.draw_line([(x, 0.34), (x - 0.16, 0.42)], 0.03, darken(feather, 0.3))
    beak = stage.start_part("beak", pose)
    beak.fill_blob([(0.78, -0.62), (1.0, -0.54), (1.16, -0.46), (1.08, -0.38), (0.8, -0.4)], _BEAK, 0.3)
    beak.draw_line([(0.82, -0.49), (1.1, -0.45)], 0.025, darken(_BEAK, 0.4))
    _draw_eye(stage.start_part("eyes", pose), 0.62, -0.62, 0.1)
    ripples = stage.start_part("ripples", pose)
    for y, wide in ((0.74, 0.9), (0.86, 0.6)):
        ripples.draw_line(
            [(-wide, y), (-wide * 0.4, y + 0.04), (wide * 0.3, y), (wide, y + 0.03)], 0.04, (214, 238, 240)
        )


def draw_penguin(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    coat = pick(rng, [(44, 50, 66), (58, 70, 98), (40, 40, 46)])
    body = stage.start_part("body", pose)
    body.add_glow((0, 0.92, 0.75, 0.16), (30, 44, 70), 0.7)
    outline = smooth(
        [
            (-0.34, -0.86),
            (0.34, -0.86),
            (0.46, -0.3),
            (0.58, 0.3),
            (0.42, 0.86),
            (-0.42, 0.86),
            (-0.58, 0.3),
            (-0.46, -0.3),
        ]
    )
    body.fill(outline, coat, 0.35)
    belly = stage.start_part("belly", pose)
    belly.fill_blob(
        [(-0.24, -0.24), (0.24, -0.24), (0.42, 0.3), (0.28, 0.82), (-0.28, 0.82), (-0.42, 0.3)], (246, 246, 240), 0.18
    )
    for side in (-1, 1):
        belly.fill(make_oval(side * 0.17, -0.48, 0.2, 0.24), (246, 246, 240))
    raise_by = rng.uniform(-0.1, 0.35)
    for side in (-1, 1):
        wing = stage.start_part("wing", pose)
        wing.fill_blob(
            [
                (side * 0.42, -0.3),
                (side * 0.62, -0.1),
                (side * (0.72 + raise_by * 0.4), 0.42 - raise_by),
                (side * 0.6, 0.44 - raise_by * 0.6),
                (side * 0.46, 0.16),
            ],
            darken(coat, 0.15),
            0.3,
        )
    eyes = stage.start_part("eyes", pose)
    for side in (-1, 1):
        _draw_eye(eyes, side * 0.16, -0.54, 0.1)
    beak = stage.start_part("beak", pose)
    beak.fill_blob([(-0.12, -0.4), (0, -0.46), (0.12, -0.4), (0, -0.22)], _BEAK, 0.3)
    if rng.random() < 0.35:
        scarf = stage.start_part("scarf", pose)
        tone = pick(rng, [(206, 62, 60), (60, 120, 180), (240, 190, 70)])
        scarf.fill(make_block(-0.46, -0.26, 0.46, -0.08, 0.08), tone, 0.3)
        scarf.fill(make_block(0.12, -0.14, 0.32, 0.3, 0.04), jitter(rng, tone, 4), 0.3)
    feet = stage.start_part("feet", pose)
    for side in (-1, 1):
        feet.fill(make_oval(side * 0.24, 0.92, 0.2, 0.09), _BEAK, 0.3)


_SHARED = ("body", "wing", "eyes", "beak", "feet")
SUBJECTS = (
    Subject(
        "owl",
        "birds",
        (*_SHARED, "belly", "ear tufts", "branch"),
        ANYWHERE,
        draw_owl,
        (0.24, 0.4),
        (0.72, 0.93),
        tilt=7,
    ),
    Subject(
        "parrot",
        "birds",
        (*_SHARED, "head", "tail", "branch"),
        (*ANYWHERE, "beach"),
        draw_parrot,
        (0.28, 0.44),
        (0.74, 0.93),
        tilt=8,
    ),
    Subject(
        "duck",
        "birds",
        ("body", "wing", "eyes", "beak", "head", "ripples"),
        ("lake", "lake", "sea"),
        draw_duck,
        (0.22, 0.36),
        (0.8, 0.98),
        tilt=5,
    ),
    Subject(
        "penguin",
        "birds",
        (*_SHARED, "belly", "scarf"),
        ("snowfield", "snowfield", "beach"),
        draw_penguin,
        (0.22, 0.4),
        tilt=7,
    ),
)
