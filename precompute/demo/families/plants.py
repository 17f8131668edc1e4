"""Plants: sunflower, tulip, cactus, palm tree, toadstool. They share stem, leaves, petals, trunk and spots."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, Rgb, darken, jitter, lighten, make_block, make_oval, pick, smooth
from precompute.demo.subject import Subject

_GREEN = (86, 150, 70)


def _draw_shadow(stage: Stage, pose: Pose, wide: float) -> None:
    stage.start_scenery("shadow", pose).add_glow((0, 0.97, wide, 0.1), (18, 34, 26), 0.6)


def _draw_stem(stage: Stage, pose: Pose, top: float, width: float = 0.09) -> None:
    stem = stage.start_part("stem", pose)
    sway = stem.rng.uniform(-0.08, 0.08)
    stem.draw_line([(sway * 0.4, 1.0), (sway, 0.5), (0, top)], width, _GREEN)
    stem.draw_line([(sway * 0.4 - 0.02, 1.0), (sway - 0.02, 0.5), (-0.02, top)], width * 0.3, lighten(_GREEN, 0.3))


def _draw_leaf(stage: Stage, pose: Pose, y: float, size: float, angle: float) -> None:
    leaf = stage.start_part("leaf", pose.make_child(0, y, size, angle))
    leaf.fill_blob(
        [(0, 0), (0.3, -0.3), (0.7, -0.28), (1.1, 0), (0.7, 0.2), (0.3, 0.16)], jitter(leaf.rng, (92, 158, 76), 14), 0.4
    )
    leaf.draw_line([(0.1, -0.02), (0.95, -0.02)], 0.05, (140, 190, 110))


def draw_sunflower(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("bloom")
    yellow, seeds = pick(rng, [(250, 200, 44), (246, 180, 40), (252, 216, 80)]), pick(rng, [(96, 62, 40), (72, 50, 42)])
    _draw_shadow(stage, pose, 0.5)
    _draw_stem(stage, pose, -0.2)
    _draw_leaf(stage, pose, 0.62, 0.55, rng.uniform(-50, -20))
    _draw_leaf(stage, pose, 0.42, 0.5, rng.uniform(200, 230))
    bloom = pose.make_child(0, -0.36, 0.62, rng.uniform(-20, 20))
    petals = stage.start_part("petals", bloom)
    for ring, (count, reach) in enumerate(((13, 1.0), (13, 0.86))):
        for nth in range(count):
            petal = bloom.make_child(0, 0, reach, 360 / count * (nth + 0.5 * ring))
            petals.pose = petal
            petals.fill_blob(
                [(0.3, 0), (0.6, -0.16), (1.0, 0), (0.6, 0.16)], darken(yellow, 0.14) if ring == 0 else yellow
            )
    petals.pose = bloom
    centre = stage.start_part("centre", bloom)
    centre.fill(make_oval(0, 0, 0.48), seeds, 0.35)
    for x, y in centre.rng.uniform(-0.34, 0.34, (18, 2)):
        centre.fill(make_oval(x, y, 0.045), lighten(seeds, 0.3))


def _draw_tulip_bloom(stage: Stage, bloom: Pose, tone: Rgb) -> None:
    petals = stage.start_part("petals", bloom)
    petals.fill_blob(
        [(-0.3, 0.7), (-0.62, 0.1), (-0.5, -0.9), (-0.1, -0.3), (0.1, -0.3), (0.5, -0.9), (0.62, 0.1), (0.3, 0.7)],
        darken(tone, 0.2),
        0.2,
    )
    for side in (-1, 1):
        petals.fill_blob(
            [(0, 0.78), (side * 0.56, 0.5), (side * 0.74, -0.1), (side * 0.62, -0.8), (side * 0.2, -0.2)], tone, 0.35
        )
    petals.fill_blob(
        [(0, 0.8), (0.36, 0.4), (0.3, -0.2), (0, -0.78), (-0.3, -0.2), (-0.36, 0.4)], lighten(tone, 0.2), 0.25
    )


def draw_tulip(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("bloom")
    tone = pick(rng, [(214, 56, 70), (240, 120, 150), (246, 190, 60), (150, 84, 170), (244, 236, 226), (236, 120, 60)])
    _draw_shadow(stage, pose, 0.5)
    second = rng.random() < 0.35
    if second:
        behind = pose.make_child(float(rng.choice([-0.6, 0.6])), 0.3, 0.7, rng.uniform(-8, 8))
        _draw_stem(stage, behind, -0.3)
        _draw_leaf(stage, behind, 0.8, 0.9, -62)
        _draw_tulip_bloom(stage, behind.make_child(0, -0.55, 0.44), jitter(rng, tone, 16))
    _draw_stem(stage, pose, -0.3)
    _draw_leaf(stage, pose, 0.95, 1.0, rng.uniform(-76, -56))
    _draw_leaf(stage, pose, 0.95, 0.85, rng.uniform(236, 256))
    _draw_tulip_bloom(stage, pose.make_child(0, -0.5, 0.5, rng.uniform(-10, 10)), tone)


def draw_cactus(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("growth")
    green = pick(rng, [(78, 146, 92), (96, 150, 76), (70, 130, 110)])
    _draw_shadow(stage, pose, 0.6)
    trunk = stage.start_part("trunk", pose)
    trunk.fill(make_block(-0.22, -0.86, 0.22, 1.0, 0.2), green, 0.4)
    for side, low, high in (
        (-1, rng.uniform(0.2, 0.45), rng.uniform(-0.45, -0.2)),
        (1, rng.uniform(0.0, 0.3), rng.uniform(-0.6, -0.3)),
    ):
        if rng.random() < 0.12:
            continue
        arm = stage.start_part("arm", pose)
        path = np.array([(side * 0.1, low), (side * 0.44, low), (side * 0.56, low - 0.1), (side * 0.58, high)])
        arm.draw_line(path, 0.26, darken(green, 0.2))
        arm.draw_line(path - (0.03, 0.01), 0.19, green)
    spines = stage.start_part("spines", pose)
    for x in (-0.12, 0.0, 0.12):
        for y in np.arange(-0.7, 0.95, 0.2):
            spines.draw_line([(x - 0.025, y), (x + 0.025, y - 0.05)], 0.025, lighten(green, 0.6))
    if rng.random() < 0.6:
        bloom = stage.start_part("petals", pose.make_child(0.0, -0.9, 0.2))
        for nth in range(6):
            bloom.pose = pose.make_child(0.0, -0.9, 0.24, 60 * nth)
            bloom.fill_blob(
                [(0, 0), (0.5, -0.3), (1, 0), (0.5, 0.3)],
                pick(stage.make_rng("blossom"), [(240, 110, 150), (250, 200, 90), (236, 90, 80)]),
            )
        bloom.fill(make_oval(0, 0, 0.3), (252, 226, 130))


def draw_palm(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("growth")
    lean, bark = rng.uniform(-0.3, 0.3), pick(rng, [(156, 116, 80), (136, 104, 84), (176, 138, 92)])
    island = stage.start_scenery("island", pose)
    island.fill_blob(
        [(-0.9, 1.06), (-0.5, 0.94), (0, 0.88), (0.5, 0.94), (0.9, 1.06), (0.4, 1.12), (-0.4, 1.12)],
        (236, 210, 158),
        0.3,
    )
    _draw_shadow(stage, pose, 0.5)
    trunk = stage.start_part("trunk", pose)
    ys = np.linspace(1.0, -0.42, 9)
    xs = lean * ((1 - ys) / 1.42) ** 2
    for nth in range(8):
        wide = 0.13 - 0.006 * nth
        trunk.fill(
            [
                (xs[nth] - wide, ys[nth]),
                (xs[nth] + wide, ys[nth]),
                (xs[nth + 1] + wide * 0.76, ys[nth + 1] - 0.02),
                (xs[nth + 1] - wide * 0.76, ys[nth + 1] - 0.02),
            ],
            darken(bark, 0.12 * (nth % 2)),
            0.3,
        )
    green = pick(rng, [(66, 146, 82), (92, 160, 76), (54, 130, 96)])
    crown = pose.make_child(float(xs[-1]), -0.44)
    for nth, angle in enumerate((160, 20, 200, -20, 235, -55, 265)):
        frond = stage.start_part("frond", crown.make_child(0, 0, rng.uniform(0.66, 0.82), angle + rng.uniform(-8, 8)))
        droop = 0.2 if -90 < angle <= 90 else -0.2
        tone = darken(green, 0.16) if nth % 2 else green
        frond.fill_blob(
            [
                (0, 0),
                (0.4, -0.16 - droop * 0.5),
                (0.8, -0.06),
                (1.08, droop * 1.6),
                (0.7, 0.12 + droop * 0.6),
                (0.3, 0.1),
            ],
            tone,
            0.35,
        )
        frond.draw_line([(0.05, 0), (0.5, -0.02), (0.95, droop)], 0.03, lighten(tone, 0.35))
    nuts = stage.start_part("coconuts", crown)
    for x, y in ((-0.08, 0.06), (0.09, 0.05), (0.01, 0.13))[: int(rng.integers(0, 4))]:
        nuts.fill(make_oval(x, y, 0.085), (112, 74, 50), 0.4)


def draw_toadstool(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("cap")
    cap = pick(rng, [(206, 50, 46), (220, 96, 50), (186, 60, 96), (160, 110, 70)])
    _draw_shadow(stage, pose, 0.6)
    stem = stage.start_part("stem", pose)
    stem.fill_blob(
        [(-0.2, -0.2), (0.2, -0.2), (0.22, 0.4), (0.32, 0.86), (0, 1.0), (-0.32, 0.86), (-0.22, 0.4)],
        (244, 234, 212),
        0.3,
    )
    frill = stage.start_part("frill", pose)
    frill.fill_blob([(-0.26, 0.1), (0.26, 0.1), (0.36, 0.32), (0, 0.26), (-0.36, 0.32)], (232, 216, 190), 0.2)
    dome = stage.start_part("cap", pose)
    dome.fill(make_oval(0, 0.0, 0.86, 0.2), (226, 204, 176), 0.3)
    outline = smooth(
        [
            (-0.92, 0.0),
            (-0.74, -0.5),
            (-0.34, -0.84),
            (0.34, -0.84),
            (0.74, -0.5),
            (0.92, 0.0),
            (0.4, 0.08),
            (-0.4, 0.08),
        ]
    )
    dome.fill(outline, cap, 0.4)
    spots = stage.start_part("spots", pose)
    with spots.clip(outline):
        for x, y, radius in (
            (-0.5, -0.3, 0.15),
            (0.0, -0.56, 0.17),
            (0.48, -0.34, 0.14),
            (-0.1, -0.16, 0.12),
            (0.74, -0.06, 0.1),
            (-0.8, -0.04, 0.1),
        ):
            spots.fill(make_oval(x + spots.rng.uniform(-0.07, 0.07), y, radius, radius * 0.85), (250, 244, 230))


SUBJECTS = (
    Subject(
        "sunflower",
        "plants",
        ("stem", "leaf", "petals", "centre"),
        ("meadow", "leaves", "open_sky"),
        draw_sunflower,
        (0.28, 0.44),
        tilt=7,
    ),
    Subject(
        "tulip",
        "plants",
        ("stem", "leaf", "petals"),
        ("meadow", "leaves", "open_sky"),
        draw_tulip,
        (0.26, 0.42),
        tilt=7,
    ),
    Subject(
        "cactus",
        "plants",
        ("trunk", "arm", "spines", "petals"),
        ("desert", "desert", "mountains"),
        draw_cactus,
        (0.26, 0.44),
        tilt=4,
    ),
    Subject(
        "palm tree",
        "plants",
        ("trunk", "frond", "coconuts"),
        ("beach", "desert", "sea"),
        draw_palm,
        (0.3, 0.46),
        tilt=5,
    ),
    Subject(
        "toadstool",
        "plants",
        ("stem", "frill", "cap", "spots"),
        ("forest", "meadow", "leaves"),
        draw_toadstool,
        (0.24, 0.4),
        tilt=8,
    ),
)
