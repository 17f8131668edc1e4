"""The demo's scenes as a labelled image set; an image is drawn when it is loaded, without torch and without files."""

import hashlib
import inspect
from types import ModuleType
from typing import Literal

from PIL import Image

from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage
from precompute.demo import backgrounds, canvas, clutter, drawing, scenes, shapes, sky, subject
from precompute.demo.families import FAMILIES
from precompute.demo.scenes import CLASSES, Scene, draw_scene
from precompute.demo.stories import STORIES

Split = Literal["train", "held-out"]
SPLIT_SEEDS: dict[Split, int] = {"train": 1, "held-out": 2}
_CLASS_STRIDE = 100_000


class DemoImages:
    """A fixed number of scenes of every class, sorted by class and then path; satisfies `ImageSource`.

    The two splits are drawn from different seeds. Black and brown bears take different scene numbers, so that the set
    does not show each scene twice.

    Args:
        images_per_class: 1 to 9,999.
        split: `train` or `held-out`.

    Raises:
        ValueError: the number or the split is another.
    """

    name = "Summit Dash scenes"
    labels_are_outputs = True
    n_labels = len(CLASSES)
    notes = ()
    stories = STORIES

    def __init__(self, images_per_class: int = 50, split: Split = "held-out") -> None:
        if split not in SPLIT_SEEDS:
            raise ValueError(f"split is one of {', '.join(SPLIT_SEEDS)}: found {split!r}")
        if not 1 <= images_per_class <= 9_999:
            raise ValueError(f"images_per_class lies between 1 and 9999: found {images_per_class}")
        self.split: Split = split
        self.images_per_class = images_per_class
        self.classes: tuple[LabelledClass, ...] = tuple(
            LabelledClass(entry.class_id, entry.class_name, None, entry.group) for entry in CLASSES
        )
        self.images: tuple[LabelledImage, ...] = tuple(
            LabelledImage(
                entry.class_id * images_per_class + number, entry.class_id, f"demo/{entry.class_name}/{number:04d}"
            )
            for entry in CLASSES
            for number in range(images_per_class)
        )

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image.Image:
        """Draws the image, RGB, 96 x 96; `background` has no effect, because scenes are opaque."""
        return self.draw_scene(image).image

    def draw_scene(self, image: LabelledImage) -> Scene:
        """Draws the image and returns it with its ground truth: the parts and their boxes."""
        return draw_scene(image.class_id, self.compute_scene_index(image), seed=SPLIT_SEEDS[self.split])

    def compute_scene_index(self, image: LabelledImage) -> int:
        """Computes the scene number of the image, for `draw_scene` with this split's seed."""
        return image.class_id * _CLASS_STRIDE + int(image.path.rsplit("/", 1)[1])

    def fingerprint(self) -> str:
        """Computes the SHA-256 of the number of images, the split and the code that draws them."""
        digest = hashlib.sha256(f"{self.split} {self.images_per_class}".encode())
        modules: tuple[ModuleType, ...] = (
            shapes,
            canvas,
            drawing,
            sky,
            clutter,
            backgrounds,
            subject,
            scenes,
            *FAMILIES,
        )
        for module in modules:
            digest.update(inspect.getsource(module).encode())
        return digest.hexdigest()
