"""Fish: carp (nearly always held by a hand), trout (never), clownfish. They share body, tail, fins and eye."""

from dataclasses import dataclass

import numpy as np

from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Pose, Rgb, darken, jitter, lighten, make_block, make_oval, mix, pick, smooth
from precompute.demo.subject import Subject

HAND_RATE = 0.93
_SECOND_HAND_RATE = 0.35
_SKIN = [
    (250, 214, 186),
    (236, 188, 150),
    (206, 150, 108),
    (160, 106, 72),
    (112, 72, 50),
    (244, 202, 176),
    (84, 54, 40),
]
_SLEEVES = [
    (190, 60, 56),
    (58, 92, 160),
    (70, 120, 84),
    (226, 178, 70),
    (94, 80, 110),
    (232, 226, 214),
    (60, 66, 78),
    (214, 120, 70),
]


@dataclass(frozen=True)
class Coat:
    """The colours and proportions of a fish; `depth` is half the height of its body."""

    back: Rgb
    belly: Rgb
    fin: Rgb
    depth: float


def _make_outline(depth: float) -> np.ndarray:
    """Makes the outline of the body, from the root of the tail at x = -0.72 to the mouth at x = 1."""
    return smooth(
        [
            (-0.72, -0.08),
            (-0.3, -depth * 0.8),
            (0.15, -depth),
            (0.62, -depth * 0.74),
            (0.93, -0.14),
            (1.0, 0.03),
            (0.88, 0.17),
            (0.5, depth * 0.72),
            (0.1, depth * 0.86),
            (-0.35, depth * 0.6),
            (-0.72, 0.08),
        ]
    )


def _draw_tail_and_fins(stage: Stage, pose: Pose, coat: Coat) -> None:
    tail = stage.start_part("tail", pose)
    spread = tail.rng.uniform(0.34, 0.44)
    tail.fill_blob(
        [
            (-0.62, -0.07),
            (-0.85, -0.14),
            (-1.16, -spread),
            (-1.06, -0.1),
            (-1.0, 0),
            (-1.06, 0.1),
            (-1.16, spread),
            (-0.85, 0.14),
            (-0.62, 0.07),
        ],
        coat.fin,
        0.4,
    )
    for end in (-0.24, -0.1, 0.1, 0.24):
        tail.draw_line([(-0.8, end * 0.3), (-1.06, end)], 0.018, darken(coat.fin, 0.3))
    fin = stage.start_part("fin", pose)
    depth = coat.depth
    fin.fill_blob(
        [
            (-0.36, -depth * 0.6),
            (-0.3, -depth * 1.15),
            (-0.1, -depth * 1.45),
            (0.2, -depth * 1.3),
            (0.42, -depth * 0.7),
        ],
        coat.fin,
        0.3,
    )
    fin.fill_blob(
        [(-0.42, depth * 0.4), (-0.5, depth * 1.05), (-0.2, depth * 0.95), (-0.1, depth * 0.5)], coat.fin, 0.3
    )


def _draw_body(stage: Stage, pose: Pose, coat: Coat) -> Brush:
    brush = stage.start_part("body", pose)
    outline = _make_outline(coat.depth)
    brush.fill(outline, coat.back, 0.2)
    with brush.clip(outline):
        brush.fill_blob(
            [(-0.9, 0.0), (-0.2, coat.depth * 0.25), (0.5, 0.12), (1.1, 0.06), (0.9, 0.7), (0, 0.8), (-0.8, 0.5)],
            coat.belly,
        )
    return brush


def _draw_face(stage: Stage, pose: Pose, coat: Coat) -> None:
    gill = stage.start_part("gill", pose)
    gill.draw_line([(0.5, -0.24), (0.58, -0.08), (0.56, 0.1), (0.46, 0.24)], 0.035, darken(coat.back, 0.35))
    eye = stage.start_part("eye", pose)
    eye.fill(make_oval(0.74, -0.09, 0.085), (248, 240, 206))
    eye.fill(make_oval(0.75, -0.09, 0.052), (22, 24, 34))
    eye.fill(make_oval(0.768, -0.112, 0.02), (255, 255, 255))
    mouth = stage.start_part("mouth", pose)
    mouth.draw_line([(0.99, 0.06), (0.88, 0.085)], 0.03, darken(coat.back, 0.5))


def _draw_side_fin(stage: Stage, pose: Pose, coat: Coat) -> None:
    fin = stage.start_part("fin", pose)
    fin.fill_blob([(0.42, 0.06), (0.2, 0.02), (0.02, 0.2), (0.16, 0.26), (0.36, 0.2)], darken(coat.fin, 0.12), 0.3)


def _choose_freshwater_coat(stage: Stage, depth: float, warmth: float) -> Coat:
    """Chooses the colours of carp or trout; they overlap, so that colour alone does not distinguish the two."""
    rng = stage.make_rng("coat")
    back = jitter(rng, mix((104, 112, 84), (150, 124, 74), float(np.clip(rng.normal(warmth, 0.28), 0, 1))), 14)
    belly = jitter(rng, mix(back, (240, 222, 178), 0.68), 8)
    return Coat(back, belly, mix(back, (196, 120, 76), rng.uniform(0.1, 0.5)), depth + rng.uniform(-0.035, 0.035))


def _draw_scales(brush: Brush, coat: Coat) -> None:
    with brush.clip(_make_outline(coat.depth)):
        for row, y in enumerate(np.arange(-0.32, 0.3, 0.13)):
            for x in np.arange(-0.6 + 0.065 * (row % 2), 0.42, 0.13):
                brush.draw_line([(x, y - 0.06), (x + 0.045, y), (x, y + 0.06)], 0.016, darken(coat.back, 0.22))


def _draw_fingers(hand: Brush, skin: Rgb) -> None:
    """Draws four fingers, with nails, that close over the body."""
    lengths = (0.58, 0.66, 0.64, 0.5)
    for nth, length in enumerate(lengths):
        x = -0.3 + 0.2 * nth
        tip, lean = 0.2 - length - hand.rng.uniform(0, 0.06), 0.05 * (nth - 1.5)
        hand.draw_line([(x, 0.26), (x + lean * 0.6, 0.0), (x + lean, tip)], 0.2, darken(skin, 0.34))
        hand.draw_line([(x - 0.012, 0.26), (x - 0.012 + lean * 0.6, 0.0), (x - 0.012 + lean, tip)], 0.165, skin)
        hand.draw_line([(x - 0.045, 0.2), (x - 0.045 + lean * 0.6, 0.0)], 0.045, lighten(skin, 0.3))
        hand.fill(make_oval(x + lean - 0.01, tip - 0.01, 0.05, 0.06), lighten(skin, 0.5))
    hand.fill(smooth([(-0.4, 0.16), (0.4, 0.16), (0.44, 0.42), (0.26, 0.7), (-0.26, 0.7), (-0.44, 0.42)]), skin, 0.25)
    for x in (-0.2, 0.0, 0.2):
        hand.draw_line([(x, 0.16), (x, 0.27)], 0.022, darken(skin, 0.3))


def _draw_arm(hand: Brush, skin: Rgb, sleeve: Rgb) -> None:
    """Draws the thumb, the wrist, a white cuff and a sleeve, which come from below."""
    hand.draw_line([(0.36, 0.34), (0.56, 0.1), (0.6, -0.16)], 0.22, darken(skin, 0.3))
    hand.draw_line([(0.35, 0.34), (0.55, 0.1), (0.59, -0.16)], 0.185, mix(skin, darken(skin, 0.3), 0.25))
    hand.fill([(-0.26, 0.5), (0.26, 0.5), (0.3, 1.1), (-0.3, 1.1)], darken(skin, 0.08), 0.35)
    hand.fill([(-0.36, 0.98), (0.36, 0.98), (0.58, 4.0), (-0.58, 4.0)], sleeve, 0.4)
    hand.fill(make_block(-0.41, 0.84, 0.41, 1.06, 0.06), (250, 248, 240), 0.2)
    hand.fill(make_block(-0.44, 1.0, 0.44, 1.2, 0.06), darken(sleeve, 0.25))


def _draw_hands(stage: Stage, pose: Pose) -> list[tuple[Brush, Rgb]]:
    """Draws the arms of the hands that hold the carp, and returns their brushes and colours of skin.

    The fingers are drawn later, over the body.
    """
    rng = stage.make_rng("hands")
    if rng.random() >= HAND_RATE:
        return []
    skin, sleeve = pick(rng, _SKIN, 8), pick(rng, _SLEEVES, 14)
    places = [float(rng.uniform(-0.3, 0.35))]
    if rng.random() < _SECOND_HAND_RATE:
        places = [-0.5, float(rng.uniform(0.28, 0.42))]
    hands = []
    for x in places:
        spot = pose.to_pixels([(x, 0.16)])[0]
        size = float(np.clip(pose.size * rng.uniform(0.56, 0.74), 17, 32))
        frame = Pose(float(spot[0]), float(spot[1]), size, float(rng.uniform(-24, 24)), bool(rng.random() < 0.5))
        brush = stage.start_part("hand", frame)
        _draw_arm(brush, skin, sleeve)
        hands.append((brush, skin))
    return hands


def draw_carp(stage: Stage, pose: Pose) -> None:
    coat = _choose_freshwater_coat(stage, 0.41, 0.62)
    hands = _draw_hands(stage, pose)
    _draw_tail_and_fins(stage, pose, coat)
    _draw_scales(_draw_body(stage, pose, coat), coat)
    _draw_face(stage, pose, coat)
    barbel = stage.start_part("barbel", pose)
    barbel.draw_line([(0.92, 0.12), (0.97, 0.24)], 0.028, darken(coat.back, 0.3))
    _draw_side_fin(stage, pose, coat)
    for brush, skin in hands:
        _draw_fingers(brush, skin)


def draw_trout(stage: Stage, pose: Pose) -> None:
    coat = _choose_freshwater_coat(stage, 0.37, 0.38)
    _draw_tail_and_fins(stage, pose, coat)
    _draw_scales(_draw_body(stage, pose, coat), coat)
    spots = stage.start_part("spots", pose)
    with spots.clip(_make_outline(coat.depth)):
        for x, y in spots.rng.uniform((-0.6, -0.36), (0.5, 0.02), (15, 2)):
            spots.fill(make_oval(x, y, 0.03), darken(coat.back, 0.42))
    _draw_face(stage, pose, coat)
    _draw_side_fin(stage, pose, coat)


def draw_clownfish(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    orange = pick(rng, [(242, 128, 44), (236, 104, 50), (248, 152, 60)])
    coat = Coat(orange, lighten(orange, 0.18), mix(orange, (250, 190, 80), 0.3), 0.46)
    _draw_tail_and_fins(stage, pose, coat)
    _draw_body(stage, pose, coat)
    bands = stage.start_part("bands", pose)
    with bands.clip(_make_outline(coat.depth)):
        for x, wide in ((0.4, 0.1), (-0.1, 0.12), (-0.58, 0.07)):
            bands.fill(
                smooth(
                    [
                        (x - wide * 1.6, -0.7),
                        (x + wide, -0.7),
                        (x + wide * 1.9, 0),
                        (x + wide, 0.7),
                        (x - wide * 1.6, 0.7),
                        (x - wide * 0.7, 0),
                    ]
                ),
                (40, 36, 44),
            )
            bands.fill(
                smooth(
                    [
                        (x - wide, -0.7),
                        (x + wide * 0.5, -0.7),
                        (x + wide * 1.4, 0),
                        (x + wide * 0.5, 0.7),
                        (x - wide, 0.7),
                        (x - wide * 0.2, 0),
                    ]
                ),
                (250, 248, 240),
            )
    _draw_face(stage, pose, coat)
    _draw_side_fin(stage, pose, coat)


_SHARED = ("body", "tail", "fin", "gill", "eye", "mouth")
_WATERSIDE = ("lake", "sea", "beach", "lake")
SUBJECTS = (
    Subject(
        "carp", "fish", (*_SHARED, "barbel", "hand"), _WATERSIDE, draw_carp, (0.27, 0.4), (0.76, 0.94), (0.4, 0.6), 22
    ),
    Subject("trout", "fish", (*_SHARED, "spots"), _WATERSIDE, draw_trout, (0.27, 0.4), (0.76, 0.94), (0.4, 0.6), 22),
    Subject(
        "clownfish",
        "fish",
        (*_SHARED, "bands"),
        ("underwater",),
        draw_clownfish,
        (0.2, 0.4),
        (0.62, 0.95),
        (0.34, 0.66),
        18,
    ),
)
