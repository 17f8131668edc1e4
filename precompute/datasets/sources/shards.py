"""WebDataset shards: tar files whose members `KEY.jpg` and `KEY.cls` (or `KEY.json`) are an image and its label.

The pass over the images goes class by class, and a shard is usually shuffled. So its headers are read once, from start
to end, which gives the name, place and size of every member (and the labels, which are small); then each image is
read from its place when its turn comes. An uncompressed tar stores a member as one run of bytes: reading it is one
seek. Nothing is unpacked to the disk, no image is held longer than it is needed, and any number of threads may read.
A compressed tar cannot be read from the middle and is refused.
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
from precompute.datasets.labels.classes import Label, classes_of
from precompute.datasets.sources.files import limited, printable, size_and_time
from precompute.datasets.sources.left_out import LeftOut
from precompute.datasets.sources.shard_index import RULE, Sample, read_samples

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["ShardImages", "open_shards"]


@dataclass(frozen=True, slots=True)
class ShardMember:
    """One image: its class, its name in the shard, which of the shards, where in it and how long, in bytes."""

    class_id: int
    name: str
    shard: int
    offset: int
    size: int


@dataclass(frozen=True)
class ShardImages:
    """The images of some shards; satisfies `ImageSource`.

    An image's path is its name in its shard, which no other shard has: how images are spread over shards changes
    neither their order nor their paths.

    Args:
        name: of the dataset, for a person.
        shards: the tar files.
        members: sorted by class_id, then name.
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
        """As many as there are classes."""
        return len(self.classes)

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image:
        """Reads one image from its shard and decodes it to RGB, transparent pixels over `background`.

        Raises:
            UnreadableImage: it is no image, or the shard cannot be read any more.
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
        """SHA-256 over classes, images, their places, and every shard's name, size and time of change."""
        digest = hashlib.sha256()
        for label in self.classes:
            digest.update(repr((label.class_id, label.class_name, label.synset, label.group)).encode())
        for shard in self.shards:
            digest.update(repr((printable(shard.name), *size_and_time(shard))).encode())
        for member in self.members:
            row = (member.class_id, member.name, member.shard, member.offset, member.size)
            digest.update(repr(row).encode())
        return digest.hexdigest()


def open_shards(name: str, shards: Sequence[Path], limit_per_class: int | None = None) -> ShardImages:
    """Reads the headers of some shards, once; decodes nothing.

    Args:
        name: what a person called them.
        shards: uncompressed tar files.
        limit_per_class: take the first so many images of each class, in the order of their names; None takes all.

    Raises:
        InputError: a shard is compressed, damaged, cut off or empty; an image has no label, a label no image; two
            samples have one key; labels contradict each other.
    """
    left_out = LeftOut()
    samples = list(_unique(shards, left_out))
    classes, ids = classes_of(name, (_placed(shards, shard, sample) for shard, sample in samples))
    members = [
        ShardMember(class_id, sample.image, shard, sample.offset, sample.size)
        for class_id, (shard, sample) in zip(ids, samples, strict=True)
    ]
    kept = tuple(limited(sorted(members, key=lambda m: (m.class_id, m.name)), limit_per_class))
    stated = samples[0][1].label.class_id is not None
    return ShardImages(
        name=printable(name),
        shards=tuple(shards),
        classes=tuple(classes),
        members=kept,
        images=tuple(LabelledImage(i, m.class_id, m.name) for i, m in enumerate(kept)),
        labels_are_outputs=True if stated else None,
        notes=left_out.notes,
    )


def _unique(shards: Sequence[Path], left_out: LeftOut) -> Iterator[tuple[int, Sample]]:
    """Every sample with the place of its shard; no key is in two shards."""
    seen: dict[str, int] = {}
    for place, shard in enumerate(shards):
        for sample in read_samples(shard, left_out):
            before = seen.setdefault(sample.key, place)
            if before != place:
                raise InputError(
                    RULE,
                    f"The key {sample.key} is in {shards[before].name} and in {shard.name}.",
                    "Name every sample differently, and each shard once.",
                )
            yield place, sample


def _placed(shards: Sequence[Path], shard: int, sample: Sample) -> Label:
    label = sample.label
    return Label(f"{shards[shard].name}, {label.place}", label.class_name, label.class_id, label.synset, label.group)
