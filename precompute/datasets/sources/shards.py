"""WebDataset shards: tar files whose members `KEY.jpg` and `KEY.cls` (or `KEY.json`) are an image and its label.

The pass over the images goes class by class, and a shard is usually shuffled. The headers of a shard are therefore read
once, from start to end: this gives the name, offset and size of every member, and the labels, which are small. An
uncompressed tar stores a member as one run of bytes, so that an image is read later with one seek. Nothing is unpacked
to the disk, and any number of threads may read. A compressed tar cannot be read from the middle and is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from precompute.contract.errors import InputError
from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage, UnreadableImage
from precompute.datasets.decode import decode
from precompute.datasets.images import ImageSource, SourceWithoutStories
from precompute.datasets.labels.classes import Label, build_classes
from precompute.datasets.sources.files import read_size_and_time, take_first, to_printable
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest
from precompute.datasets.sources.left_out import LeftOut
from precompute.datasets.sources.shard_index import (
    COMPRESSED_SUFFIXES,
    RULE,
    Sample,
    build_compressed_error,
    read_samples,
)
from precompute.datasets.sources.shard_patterns import expand_pattern, is_pattern

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SOURCE", "ShardImages", "open_shards"]


@dataclass(frozen=True, slots=True)
class ShardMember:
    """One image of a shard.

    Attributes:
        class_id: of its label.
        name: in the shard.
        shard: position of the shard in the list of shards.
        offset: position of its first byte in the shard.
        size: in bytes.
    """

    class_id: int
    name: str
    shard: int
    offset: int
    size: int


@dataclass(frozen=True)
class ShardImages(SourceWithoutStories):
    """The images of some shards; satisfies `ImageSource`.

    An image's path is its name in its shard, and no other shard has this name. The distribution of the images over
    shards changes neither their order nor their paths.

    Attributes:
        name: of the dataset, for the user.
        shards: the tar files.
        classes: sorted by class_id.
        members: sorted by class_id, then name.
        images: in the order of `members`.
        labels_are_outputs: True if labels are numbers, which state the model's outputs; otherwise None.
        notes: sentences for the user about files that were left out.
    """

    name: str
    shards: tuple[Path, ...]
    classes: tuple[LabelledClass, ...]
    members: tuple[ShardMember, ...]
    images: tuple[LabelledImage, ...]
    labels_are_outputs: bool | None
    notes: tuple[str, ...] = ()

    @property
    def n_labels(self) -> int:
        """The number of classes."""
        return len(self.classes)

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image:
        """Reads one image from its shard and decodes it to RGB, transparent pixels over `background`.

        Raises:
            UnreadableImage: the member is no image, or the shard is no longer readable or complete.
        """
        member = self.members[image.image_id]
        shard = self.shards[member.shard]
        try:
            with shard.open("rb") as file:
                file.seek(member.offset)
                content = file.read(member.size)
        except OSError as problem:
            raise UnreadableImage(f"cannot be read: {shard.name}: {problem.strerror}") from problem
        if len(content) < member.size:
            raise UnreadableImage(f"cannot be read: {shard.name} has become shorter")
        try:
            return decode(content, background)
        except UnreadableImage as problem:
            raise UnreadableImage(f"{problem} (in {shard.name})") from problem

    def fingerprint(self) -> str:
        """Computes the SHA-256 of classes, images, their offsets, and every shard's name, size and time of change."""
        digest = hashlib.sha256()
        for label in self.classes:
            digest.update(repr((label.class_id, label.class_name, label.synset, label.group)).encode())
        for shard in self.shards:
            digest.update(repr((to_printable(shard.name), *read_size_and_time(shard))).encode())
        for member in self.members:
            row = (member.class_id, member.name, member.shard, member.offset, member.size)
            digest.update(repr(row).encode())
        return digest.hexdigest()


def open_shards(name: str, shards: Sequence[Path], limit_per_class: int | None = None) -> ShardImages:
    """Reads the headers of some shards, once; decodes nothing.

    Args:
        name: of the dataset, for the user.
        shards: uncompressed tar files.
        limit_per_class: greatest number of images of each class, in the order of their names; None takes all.

    Raises:
        InputError: a shard is compressed, damaged, cut off or empty; an image has no label; a label has no image; two
            samples have one key; labels contradict each other.
    """
    left_out = LeftOut()
    samples = list(_read_unique_samples(shards, left_out))
    classes, ids = build_classes(name, (_add_shard_to_label(shards, shard, sample) for shard, sample in samples))
    members = [
        ShardMember(class_id, sample.image, shard, sample.offset, sample.size)
        for class_id, (shard, sample) in zip(ids, samples, strict=True)
    ]
    kept = tuple(take_first(sorted(members, key=lambda m: (m.class_id, m.name)), limit_per_class))
    stated = samples[0][1].label.class_id is not None
    return ShardImages(
        name=to_printable(name),
        shards=tuple(shards),
        classes=tuple(classes),
        members=kept,
        images=tuple(LabelledImage(i, m.class_id, m.name) for i, m in enumerate(kept)),
        labels_are_outputs=True if stated else None,
        notes=left_out.notes,
    )


def _read_unique_samples(shards: Sequence[Path], left_out: LeftOut) -> Iterator[tuple[int, Sample]]:
    """Yields the position of each shard with each of its samples.

    Raises:
        InputError: a key is in two shards.
    """
    seen: dict[str, int] = {}
    for position, shard in enumerate(shards):
        for sample in read_samples(shard, left_out):
            before = seen.setdefault(sample.key, position)
            if before != position:
                raise InputError(
                    RULE,
                    f"The key {sample.key} is in {shards[before].name} and in {shard.name}.",
                    "Name every sample differently, and each shard once.",
                )
            yield position, sample


def _add_shard_to_label(shards: Sequence[Path], shard: int, sample: Sample) -> Label:
    label = sample.label
    return Label(f"{shards[shard].name}, {label.place}", label.class_name, label.class_id, label.synset, label.group)


# --- kind -----------------------------------------------------------------------------------------------------------


def _recognises(request: OpenRequest) -> bool:
    """Accepts a .tar, compressed or not; a folder of them without subfolders; a pattern of files."""
    path = request.path
    if path.is_dir():
        return any(_is_plain(entry) or _is_compressed(entry) for entry in _list_flat_folder(path))
    if not path.exists():
        return is_pattern(request.spec)
    return _is_plain(path) or _is_compressed(path)


def _open(request: OpenRequest) -> ImageSource:
    """Opens the shards of a file, a folder or a pattern.

    Raises:
        InputError: there are compressed shards only, or `open_shards` refuses one.
    """
    path, limit = request.path, request.limit_per_class
    if path.is_dir():
        entries = _list_flat_folder(path)
        shards = [entry for entry in entries if _is_plain(entry)]
        if not shards:
            raise build_compressed_error(next(filter(_is_compressed, entries)))
        return open_shards(path.resolve().name, shards, limit)
    if not path.exists():
        return open_shards(Path(request.spec).name, expand_pattern(request.spec), limit)
    if _is_compressed(path):
        raise build_compressed_error(path)
    return open_shards(path.stem, [path], limit)


def _list_flat_folder(folder: Path) -> list[Path]:
    """Lists the visible files of a folder, sorted; none if it has a visible subfolder."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    return [] if any(entry.is_dir() for entry in entries) else sorted(entries)


def _is_plain(path: Path) -> bool:
    return path.suffix.lower() == ".tar"


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith(COMPRESSED_SUFFIXES)


SOURCE = ImageSourceKind(
    key="shards",
    rank=30,
    usage=".tar shards (one, a folder of them, or a pattern such as 'train-{0000..0009}.tar')",
    recognises=_recognises,
    open=_open,
    file_forms=("a .tar",),
)
