"""Bears: black and brown differ in the colour of their fur only; the panda shares their shape."""

from dataclasses import dataclass

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, Rgb, darken, jitter, lighten, make_oval, smooth
from precompute.demo.subject import ANYWHERE, Subject

FUR = {"black fur": (46, 44, 52), "brown fur": (134, 86, 50)}


@dataclass(frozen=True)
class Coat:
    """The colours of a bear; `fur` is that of torso and head."""

    fur: Rgb
    limbs: Rgb
    ears: Rgb
    belly: Rgb
    muzzle: Rgb


def _draw_ears(stage: Stage, head: Pose, coat: Coat) -> None:
    ears = stage.start_part("ears", head)
    for side in (-1, 1):
        ears.fill(make_oval(side * 0.66, -0.66, 0.36), coat.ears, 0.3)
        ears.fill(make_oval(side * 0.66, -0.62, 0.19), lighten(coat.ears, 0.22))


def _draw_face(stage: Stage, head: Pose, coat: Coat) -> None:
    muzzle = stage.start_part("muzzle", head)
    muzzle.fill(make_oval(0, 0.34, 0.46, 0.36), coat.muzzle, 0.22)
    mouth = stage.start_part("mouth", head)
    mouth.draw_line([(0, 0.34), (0, 0.48)], 0.06, (70, 44, 40))
    mouth.draw_line([(-0.2, 0.47), (-0.1, 0.54), (0, 0.48), (0.1, 0.54), (0.2, 0.47)], 0.06, (70, 44, 40))
    nose = stage.start_part("nose", head)
    nose.fill_blob([(-0.19, 0.12), (0.19, 0.12), (0.1, 0.3), (-0.1, 0.3)], (30, 24, 30))
    nose.fill(make_oval(-0.06, 0.14, 0.05, 0.03), (150, 140, 150))
    eyes = stage.start_part("eyes", head)
    for side in (-1, 1):
        eyes.fill(make_oval(side * 0.36, -0.1, 0.125), (250, 244, 232))
        eyes.fill(make_oval(side * 0.35, -0.09, 0.09), (28, 22, 26))
        eyes.fill(make_oval(side * 0.35 - 0.03, -0.13, 0.032), (255, 255, 255))


def _draw_torso(stage: Stage, pose: Pose, coat: Coat) -> None:
    body = stage.start_part("body", pose)
    body.add_glow((0, 0.94, 1.0, 0.2), (20, 26, 36), 0.75)
    outline = smooth(
        [(-0.34, -0.2), (0.34, -0.2), (0.62, 0.3), (0.6, 0.8), (0.3, 0.98), (-0.3, 0.98), (-0.6, 0.8), (-0.62, 0.3)]
    )
    body.fill(outline, coat.fur, 0.4)
    body.add_grain(outline, darken(coat.fur, 0.35), 0.6)
    body.fill(make_oval(0, 0.48, 0.36, 0.38), coat.belly, 0.25)


def _draw_limbs(stage: Stage, pose: Pose, coat: Coat) -> None:
    rng = stage.make_rng("limbs")
    for side in (-1, 1):
        foot = stage.start_part("paw", pose)
        foot.fill(make_oval(side * 0.46, 0.86, 0.27, 0.22, side * 18), coat.limbs, 0.35)
        foot.fill(make_oval(side * 0.48, 0.9, 0.13, 0.1), coat.muzzle)
        arm = stage.start_part("paw", pose)
        reach, lift = side * rng.uniform(0.56, 0.84), rng.choice([0.52, 0.42, 0.2, -0.28])
        arm.draw_line(
            [(side * 0.44, -0.02), (reach * 1.0, (lift + 0.1) * 0.6), (reach, lift)], 0.27, darken(coat.limbs, 0.22)
        )
        arm.draw_line(
            [(side * 0.42, -0.03), (reach * 0.98, (lift + 0.1) * 0.6 - 0.01), (reach * 0.98, lift)], 0.2, coat.limbs
        )


def _draw(stage: Stage, pose: Pose, coat: Coat) -> None:
    rng = stage.make_rng("head")
    head = pose.make_child(rng.uniform(-0.08, 0.08), -0.44, rng.uniform(0.46, 0.53), rng.uniform(-12, 12))
    _draw_torso(stage, pose, coat)
    _draw_limbs(stage, pose, coat)
    _draw_ears(stage, head, coat)
    skull = stage.start_part("head", head)
    outline = smooth(
        [(-0.5, -0.74), (0.5, -0.74), (0.92, -0.1), (0.84, 0.5), (0.4, 0.82), (-0.4, 0.82), (-0.84, 0.5), (-0.92, -0.1)]
    )
    skull.fill(outline, coat.fur, 0.35)
    skull.add_grain(outline, darken(coat.fur, 0.35), 0.5)
    if stage.attribute == "":
        patches = stage.start_part("eye patches", head)
        for side in (-1, 1):
            patches.fill(make_oval(side * 0.38, -0.06, 0.25, 0.32, side * 28), coat.ears)
    _draw_face(stage, head, coat)


def draw_bear(stage: Stage, pose: Pose) -> None:
    """Draws a black or brown bear, by the stage's attribute; the random numbers do not depend on it."""
    rng = stage.make_rng("coat")
    fur = jitter(rng, FUR[stage.attribute], 9)
    muzzle = jitter(rng, (214, 176, 130), 10)
    _draw(stage, pose, Coat(fur, fur, fur, lighten(fur, 0.12), muzzle))


def draw_panda(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("coat")
    white, black = jitter(rng, (240, 236, 226), 8), jitter(rng, (48, 46, 56), 8)
    _draw(stage, pose, Coat(white, black, black, lighten(white, 0.3), jitter(rng, (248, 244, 236), 5)))


_PARTS = ("body", "paw", "ears", "head", "muzzle", "mouth", "nose", "eyes")
_SIZE = (0.24, 0.42)
SUBJECTS = (
    Subject(
        "black bear",
        "bears",
        _PARTS,
        (*ANYWHERE, "snowfield"),
        draw_bear,
        _SIZE,
        tilt=6,
        stream="bear",
        attribute="black fur",
    ),
    Subject(
        "brown bear",
        "bears",
        _PARTS,
        (*ANYWHERE, "snowfield"),
        draw_bear,
        _SIZE,
        tilt=6,
        stream="bear",
        attribute="brown fur",
    ),
    Subject("panda", "bears", (*_PARTS, "eye patches"), ANYWHERE, draw_panda, _SIZE, tilt=6),
)
