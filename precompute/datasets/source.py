"""What every labelled image source looks like to the rest of precompute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from PIL.Image import Image

Colour: TypeAlias = tuple[int, int, int]
"""RGB in 0..255."""

MID_GREY: Colour = (128, 128, 128)
"""What shows through transparent pixels where nobody says what the model is normalised to."""


@dataclass(frozen=True)
class LabelledClass:
    """One class of the dataset; `synset` and `group` where the source knows them."""

    class_id: int
    class_name: str
    synset: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image and its class; `path` is relative to the source and names the image for a person."""

    image_id: int
    class_id: int
    path: str


class UnreadableImage(Exception):
    """An image that cannot be decoded; the pass skips it, counts it and names it in the manifest."""


class ImageSource(Protocol):
    """Labelled images, sorted by class and then path; `image_id` is the position in `images`."""

    @property
    def name(self) -> str: ...

    @property
    def classes(self) -> Sequence[LabelledClass]: ...

    @property
    def images(self) -> Sequence[LabelledImage]: ...

    @property
    def labels_are_outputs(self) -> bool | None:
        """True where `class_id` is stated to be the model's output index, None where only a count can tell."""
        ...

    @property
    def n_labels(self) -> int:
        """Labels that the source declares; more than its `classes` where some of them have no image."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Sentences for the person: which files were left out, and why."""
        ...

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image:
        """Decodes one image to RGB; safe to call from several threads.

        Args:
            image: one of `images`.
            background: the colour behind transparent pixels; the pass hands over the preprocessing's mean.

        Raises:
            UnreadableImage: the file is missing, truncated or no image.
        """
        ...

    def fingerprint(self) -> str:
        """Changes whenever the list of images, their labels or their files change (size and time, not content)."""
        ...
