"""What every labelled image source looks like to the rest of precompute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage

if TYPE_CHECKING:
    from PIL.Image import Image


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
