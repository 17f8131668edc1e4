"""Things in the air: hot-air balloon and kite. They share two-coloured panels and lines."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, Rgb, darken, lighten, make_block, make_oval, pick, smooth
from precompute.demo.subject import Subject

_CLOTH: list[Rgb] = [
    (222, 70, 62),
    (248, 196, 64),
    (60, 130, 200),
    (90, 170, 110),
    (240, 236, 224),
    (150, 96, 176),
    (240, 130, 60),
]


def _choose_two_colours(stage: Stage) -> tuple[Rgb, Rgb]:
    rng = stage.make_rng("cloth")
    first, second = rng.choice(len(_CLOTH), 2, replace=False)
    return pick(rng, [_CLOTH[first]]), pick(rng, [_CLOTH[second]])


def draw_balloon(stage: Stage, pose: Pose) -> None:
    first, second = _choose_two_colours(stage)
    lines = stage.start_part("lines", pose)
    for x in (-0.3, -0.1, 0.1, 0.3):
        lines.draw_line([(x, 0.3), (x * 0.5, 0.76)], 0.025, (90, 70, 60))
    rng = stage.make_rng("bands")
    zigzag = bool(rng.random() < 0.5)
    bands = (((-0.5, 0.34),), ((-0.66, 0.16), (-0.3, 0.16), (0.06, 0.16)), ((-0.42, 0.2), (0.02, 0.5)))[rng.integers(3)]
    envelope = stage.start_part("panels", pose)
    outline = smooth(
        [
            (-0.2, 0.46),
            (-0.6, 0.02),
            (-0.72, -0.42),
            (-0.42, -0.88),
            (0, -1.0),
            (0.42, -0.88),
            (0.72, -0.42),
            (0.6, 0.02),
            (0.2, 0.46),
        ]
    )
    envelope.fill(outline, first)
    with envelope.clip(outline):
        for y, thick in bands:
            xs = np.linspace(-1, 1, 17)
            sag = y - 0.16 * xs**2 + (0.07 * (np.arange(17) % 2) if zigzag else 0.0)
            envelope.fill([*zip(xs, sag, strict=True), *zip(xs[::-1], sag[::-1] + thick, strict=True)], second)
        envelope.fill(make_oval(0, -1.0, 0.34, 0.12), second)
        envelope.add_glow((-0.3 if stage.light_from_left else 0.3, -0.5, 0.5, 0.6), (255, 255, 255), 0.45)
        envelope.add_glow((0.7 if stage.light_from_left else -0.7, 0.1, 0.7, 1.0), (30, 20, 60), 0.55)
    basket = stage.start_part("basket", pose)
    basket.fill(make_block(-0.18, 0.72, 0.18, 1.0, 0.04), (156, 108, 66), 0.35)
    basket.fill(make_block(-0.2, 0.7, 0.2, 0.77, 0.03), (112, 74, 48))
    for x in (-0.07, 0.05):
        basket.draw_line([(x, 0.8), (x, 0.97)], 0.025, (120, 80, 50))


def draw_kite(stage: Stage, pose: Pose) -> None:
    first, second = _choose_two_colours(stage)
    rng = stage.make_rng("tail")
    lines = stage.start_part("lines", pose)
    lines.draw_line([(0, -0.1), (0.5, 0.9), (1.4, 2.2), (2.4, 3.2)], 0.025, (250, 246, 236))
    ys = np.linspace(0.42, 1.15, 10)
    xs = 0.14 * np.sin(ys * 9 + rng.uniform(0, 6)) - (ys - 0.42) * rng.uniform(-0.3, 0.5)
    tail = stage.start_part("tail", pose)
    tail.draw_line(np.stack([xs, ys], axis=1), 0.03, darken(first, 0.2))
    for nth in (2, 5, 8):
        x, y = float(xs[nth]), float(ys[nth])
        tail.fill(
            [(x - 0.14, y - 0.08), (x + 0.14, y + 0.08), (x + 0.14, y - 0.08), (x - 0.14, y + 0.08)],
            second if nth % 2 else first,
        )
    panels = stage.start_part("panels", pose)
    top, left, right, foot = (0.0, -1.0), (-0.6, -0.3), (0.6, -0.3), (0.0, 0.46)
    middle = (0.0, -0.3)
    for corner, side, tone in ((top, left, first), (top, right, second), (foot, left, second), (foot, right, first)):
        panels.fill([corner, side, middle], tone, 0.25)
    panels.draw_line([top, foot], 0.03, darken(first, 0.4))
    panels.draw_line([left, right], 0.03, darken(first, 0.4))
    if rng.random() < 0.4:
        panels.fill(make_oval(0, -0.3, 0.15), lighten(first, 0.6))


SUBJECTS = (
    Subject(
        "hot-air balloon",
        "in the air",
        ("panels", "lines", "basket"),
        ("open_sky", "meadow", "mountains", "sea"),
        draw_balloon,
        (0.22, 0.42),
        (0.62, 0.92),
        (0.3, 0.7),
        6,
    ),
    Subject(
        "kite",
        "in the air",
        ("panels", "lines", "tail"),
        ("open_sky", "meadow", "beach"),
        draw_kite,
        (0.22, 0.38),
        (0.6, 0.88),
        (0.3, 0.7),
        24,
    ),
)
