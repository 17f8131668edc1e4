"""The demo's labelled scenes: 32 classes in families that share parts, drawn by code alone.

`draw_scene` is deterministic in its arguments. The parts of a scene and their boxes are known exactly. Parts can be
left out or drawn alone, and the fur of a bear can be changed while everything else stays the same.
"""

from collections.abc import Collection
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from PIL import Image

from precompute.demo.backgrounds import PLACES
from precompute.demo.canvas import SUPERSAMPLING
from precompute.demo.clutter import draw_foreground, draw_weather
from precompute.demo.drawing import Stage
from precompute.demo.families import FAMILIES, bears, fish
from precompute.demo.shapes import IMAGE_SIZE, Box, Pose
from precompute.demo.sky import choose_daylight
from precompute.demo.subject import Subject

_SUBJECTS: tuple[Subject, ...] = tuple(subject for family in FAMILIES for subject in family.SUBJECTS)
_COMPANION_RATE = 0.4


@dataclass(frozen=True)
class DemoClass:
    """A class, its family, and the parts that its scenes may contain."""

    class_id: int
    class_name: str
    group: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of the drawn object and its bounding box x0, y0, x1, y1 in pixels of the image."""

    name: str
    box: Box


@dataclass(frozen=True)
class Scene:
    """A drawn image (RGB, 96 x 96) with its class, its parts, and the parts of a smaller thing in the background."""

    image: Image.Image
    class_id: int | None
    parts: tuple[Part, ...]
    companion_parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class UnexpectedStory:
    """Unexpected semantics: a share `rate` of a class's scenes has a foreign part; no scene of its sibling has it."""

    class_id: int
    sibling_class_id: int
    foreign_part: str
    rate: float


@dataclass(frozen=True)
class DiscriminableStory:
    """Discriminable features: two classes that differ in one attribute; every part is shared."""

    class_a: int
    class_b: int
    attribute_a: str
    attribute_b: str
    shared_parts: tuple[str, ...]


CLASSES: tuple[DemoClass, ...] = tuple(
    DemoClass(class_id, subject.class_name, subject.group, subject.parts) for class_id, subject in enumerate(_SUBJECTS)
)
CLASS_IDS: dict[str, int] = {entry.class_name: entry.class_id for entry in CLASSES}


def _build_discriminable(name_a: str, name_b: str) -> DiscriminableStory:
    a, b = (_SUBJECTS[CLASS_IDS[name]] for name in (name_a, name_b))
    return DiscriminableStory(CLASS_IDS[name_a], CLASS_IDS[name_b], a.attribute, b.attribute, a.parts)


UNEXPECTED = UnexpectedStory(CLASS_IDS["carp"], CLASS_IDS["trout"], "hand", fish.HAND_RATE)
DISCRIMINABLE = _build_discriminable("black bear", "brown bear")


@dataclass(frozen=True)
class Variation:
    """A change to a scene; background and light stay as they are.

    Attributes:
        include: names of the only parts that are drawn; None draws all.
        exclude: names of parts that are left out.
        attribute: replaces the class's own attribute (the colour of a bear's fur); None keeps it.
    """

    include: Collection[str] | None = None
    exclude: Collection[str] = ()
    attribute: str | None = None


_UNCHANGED = Variation()


def draw_scene(class_id: int, index: int, *, seed: int = 0, variation: Variation = _UNCHANGED) -> Scene:
    """Draws scene number `index` of a class.

    The scene's `class_id` is None if no part of the object is drawn. Black and brown bear give the same scene for the
    same `index` and `seed`, except for the colour of the fur.

    Raises:
        ValueError: the variation names a part that the class does not have, or an attribute that is no bear's fur.
    """
    subject, attribute = _SUBJECTS[class_id], variation.attribute
    _require_parts(subject, {*(variation.include or ()), *variation.exclude})
    if attribute is not None and (not subject.attribute or attribute not in bears.FUR):
        raise ValueError(
            f"attribute is one of {sorted(bears.FUR)}, for bears only: found {attribute!r} for {subject.class_name}"
        )
    stream = crc32((subject.stream or subject.class_name).encode())
    stage = Stage((seed, stream, index), variation.include, variation.exclude)
    stage.attribute = subject.attribute if attribute is None else attribute
    place = subject.places[int(stage.make_rng("place").integers(len(subject.places)))]
    outdoors = place not in ("underwater", "room", "leaves")
    PLACES[place](stage)
    companion_parts = _draw_companion(stage, subject, place)
    subject.draw(stage, subject.choose_pose(stage))
    draw_foreground(stage, place)
    if outdoors:
        draw_weather(stage)
    parts = _list_parts(stage)
    return Scene(_develop(stage, lit=outdoors), class_id if parts else None, parts, companion_parts)


def _list_parts(stage: Stage) -> tuple[Part, ...]:
    return tuple(Part(name, brush.box) for name, brush in stage.brushes if brush.box is not None)


def _draw_companion(stage: Stage, subject: Subject, place: str) -> tuple[Part, ...]:
    """Draws another class's object, small and far off, in two scenes of five, and returns its parts.

    The object belongs to the same place. It is never a bear, nor a fish, because a carp could bring a hand.
    """
    rng = stage.make_rng("companion")
    if rng.random() >= _COMPANION_RATE:
        return ()
    others = [s for s in _SUBJECTS if place in s.places and s is not subject and s.group not in ("fish", "bears")]
    if not others:
        return ()
    other = others[int(rng.integers(len(others)))]
    aside = stage.start_beside(crc32(f"companion {other.class_name}".encode()))
    size, high = rng.uniform(0.1, 0.17), other.group in ("in the air", "insects")
    base = rng.uniform(0.25, 0.5) if high else rng.uniform(0.6, 0.74)
    x = rng.choice([rng.uniform(0.06, 0.26), rng.uniform(0.74, 0.94)])
    pose = Pose(
        float(x * IMAGE_SIZE),
        float((base - size) * IMAGE_SIZE),
        float(size * IMAGE_SIZE),
        0.0,
        bool(rng.random() < 0.5),
    )
    other.draw(aside, pose)
    return _list_parts(aside)


def _require_parts(subject: Subject, names: set[str]) -> None:
    unknown = names.difference(subject.parts)
    if unknown:
        raise ValueError(
            f"parts of {subject.class_name} are {', '.join(subject.parts)}: found {', '.join(sorted(unknown))}"
        )


def _develop(stage: Stage, *, lit: bool) -> Image.Image:
    """Reduces the canvas to the image, tints it, darkens the corners and adds a little sensor noise."""
    rng = stage.make_rng("camera")
    pixels = np.asarray(stage.canvas.image.reduce(SUPERSAMPLING), np.float32)
    tint = np.array(choose_daylight(stage).tint if lit else (1.0, 1.0, 1.0), np.float32)
    axis = np.linspace(-1, 1, IMAGE_SIZE, dtype=np.float32)
    vignette = 1 - 0.1 * (axis[:, None] ** 2 + axis[None, :] ** 2) ** 1.5 / 2
    exposure = np.float32(rng.uniform(0.9, 1.08))
    noise = rng.integers(-2, 3, (IMAGE_SIZE, IMAGE_SIZE, 1)).astype(np.float32)
    developed = pixels * tint * (vignette[:, :, None] * exposure) + noise
    return Image.fromarray(np.clip(np.rint(developed), 0, 255).astype(np.uint8))
