"""The interface that every source of labelled images has for the rest of precompute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ImageSource", "SourceWithoutStories", "Story"]

Story = Mapping[str, Any]
"""A story about two classes, in JSON types; `precompute.demo.stories` describes the format."""


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
        """True if the source states that `class_id` is the model's output index; None if it states nothing."""
        ...

    @property
    def n_labels(self) -> int:
        """Number of labels that the source declares; greater than the number of `classes` if some have no image."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Sentences for the user about the files that were left out, with the reason."""
        ...

    @property
    def stories(self) -> Sequence[Story]:
        """Stories about classes that the dashboard shows."""
        ...

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image:
        """Decodes one image to RGB. Several threads may call this at once.

        Args:
            image: one of `images`.
            background: RGB in 0..255, laid behind transparent pixels; usually the mean colour of the preprocessing.

        Raises:
            UnreadableImage: the file is missing, truncated or no image.
        """
        ...

    def fingerprint(self) -> str:
        """Computes a digest of the list of images, their labels, and the size and time of change of their files."""
        ...


class SourceWithoutStories:
    """A base of the sources that read a user's own images."""

    @property
    def stories(self) -> Sequence[Story]:
        """No stories: only the demo's classes have some."""
        return ()
