"""Labelled image files, which folders of classes and manifests have in common."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage
from precompute.datasets.decode import decode
from precompute.datasets.images import SourceWithoutStories

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FileImages", "LabelledFile", "read_size_and_time", "take_first", "to_printable"]


class _OfClass(Protocol):
    @property
    def class_id(self) -> int: ...


Item = TypeVar("Item", bound=_OfClass)


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One file: its class, and its path relative to the source, in the characters of the file system."""

    class_id: int
    relative: str

    @property
    def shown(self) -> str:
        """The path for the user: with slashes on every system, and valid Unicode."""
        text = to_printable(self.relative.replace(os.sep, "/"))
        return self.relative if text == self.relative else text


@dataclass(frozen=True)
class FileImages(SourceWithoutStories):
    """Image files under one folder; satisfies `ImageSource`.

    Attributes:
        name: of the dataset, for the user.
        root: the folder that the files' paths are relative to.
        classes: sorted by class_id.
        files: sorted by class_id, then path.
        images: in the order of `files`.
        labels_are_outputs: True if the labels are stated to be the model's outputs, otherwise None.
        notes: sentences for the user about files that were left out.
    """

    name: str
    root: Path
    classes: tuple[LabelledClass, ...]
    files: tuple[LabelledFile, ...]
    images: tuple[LabelledImage, ...]
    labels_are_outputs: bool | None
    notes: tuple[str, ...] = ()

    @classmethod
    def from_files(
        cls,
        root: Path,
        classes: Sequence[LabelledClass],
        files: Iterable[LabelledFile],
        labels_are_outputs: bool | None = None,
        limit_per_class: int | None = None,
    ) -> FileImages:
        """Sorts the files, keeps the first `limit_per_class` of each class, and numbers the images."""
        kept = tuple(take_first(sorted(files, key=lambda f: (f.class_id, f.shown)), limit_per_class))
        return cls(
            name=to_printable(root.resolve().name),
            root=root,
            classes=tuple(sorted(classes, key=lambda c: c.class_id)),
            files=kept,
            images=tuple(LabelledImage(i, f.class_id, f.shown) for i, f in enumerate(kept)),
            labels_are_outputs=labels_are_outputs,
        )

    @property
    def n_labels(self) -> int:
        """The number of classes."""
        return len(self.classes)

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image:
        """Decodes one image to RGB, transparent pixels over `background`.

        Raises:
            UnreadableImage: the file is missing, truncated or no image.
        """
        return decode(self.root / self.files[image.image_id].relative, background)

    def fingerprint(self) -> str:
        """Computes the SHA-256 of the classes and of every image's class, path, size in bytes and time of change."""
        digest = hashlib.sha256()
        for label in self.classes:
            digest.update(repr((label.class_id, label.class_name, label.synset, label.group)).encode())
        for file in self.files:
            digest.update(repr((file.class_id, file.shown, *read_size_and_time(self.root / file.relative))).encode())
        return digest.hexdigest()


def to_printable(text: str) -> str:
    r"""Converts a file's name to valid Unicode, which a table can hold: bytes that are no UTF-8 become `\xNN`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def take_first(items: Iterable[Item], limit: int | None) -> Iterator[Item]:
    """Yields the first `limit` items of each class; None takes all."""
    taken: dict[int, int] = {}
    for item in items:
        taken[item.class_id] = taken.get(item.class_id, 0) + 1
        if limit is None or taken[item.class_id] <= limit:
            yield item


def read_size_and_time(path: Path) -> tuple[int, int]:
    """Reads the size in bytes and the time of change in nanoseconds; -1 and -1 if the file is missing."""
    try:
        status = os.stat(path)  # noqa: PTH116 (Path.stat is slower, and this runs once per image)
    except (OSError, ValueError):
        return -1, -1
    return status.st_size, status.st_mtime_ns
