"""Finished units of work on disk, what resuming and engines go by. A unit appears whole, or not at all.

A unit is some images of one class: chunk 0 the first `chunk_size` of them, and so on. What a unit holds depends on
these images, the model and the config and on nothing else, whoever makes it and when. Chunks of a class are added up in
their order, so sums come of one fixed order of additions; that is why the chunk size is part of a run's identity.
"""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from precompute.aggregate.accumulate import Examples, LayerSums
from precompute.aggregate.influence.measures import LinkMeasure
from precompute.aggregate.influence.pairs import PairSums
from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.datasets.images import ImageSource

T = TypeVar("T")


@dataclass(frozen=True)
class ImageRows:
    """What the model said of each image of a class, in order of image_id; all `(image,)`.

    Attributes:
        image_id: place in the source.
        predicted_class_id: most probable output; of several, the lowest.
        predicted_probability: its probability.
        true_probability: of the image's own class (see `Probabilities`); NaN where no output means it.
        in_top5: whether an output of the own class is among the five most probable; ties by the lower output.
    """

    image_id: NDArray[np.int32]
    predicted_class_id: NDArray[np.int32]
    predicted_probability: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    in_top5: NDArray[np.bool_]

    @classmethod
    def empty(cls) -> ImageRows:
        """Of no image."""
        whole, real = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls(whole, whole, real, real, np.zeros(0, np.bool_))


def joined(rows: Sequence[ImageRows]) -> ImageRows:
    """One after another."""
    columns = ImageRows.__dataclass_fields__
    return ImageRows(*(np.concatenate([getattr(r, name) for r in (ImageRows.empty(), *rows)]) for name in columns))


class UnitKey(NamedTuple):
    """Which unit: a class, and a chunk of its images, from 0."""

    class_id: int
    chunk: int


@dataclass(frozen=True)
class Unit:
    """All that the pass found out about some images of one class.

    Attributes:
        influences: per link, the sums of each thing that the link's measure counts.
        skipped: path of every image that is unreadable, or without finite numbers, and why.
    """

    images: ImageRows
    layers: list[LayerSums]
    influences: list[list[PairSums]]
    skipped: dict[str, str]

    def merge(self, other: Unit) -> Unit:
        """Both together; `other` holds the next images."""
        return Unit(
            joined([self.images, other.images]),
            [_added_layers(*both) for both in zip(self.layers, other.layers, strict=True)],
            [
                [_added_pairs(*both) for both in zip(mine, others, strict=True)]
                for mine, others in zip(self.influences, other.influences, strict=True)
            ],
            self.skipped | other.skipped,
        )


@dataclass(frozen=True)
class ClassUnit:
    """All that the pass found out about one class; `influences` per link, as its measure composes them."""

    images: ImageRows
    layers: list[LayerSums]
    influences: list[PairSums]
    skipped: dict[str, str]


def plan_units(source: ImageSource, chunk_size: int) -> dict[UnitKey, list[LabelledImage]]:
    """The images of every unit, in order of image_id; a class without images has one unit without images."""
    members: dict[int, list[LabelledImage]] = defaultdict(list)
    for image in source.images:
        members[image.class_id].append(image)
    return {
        UnitKey(class_id, chunk): images[first : first + chunk_size]
        for class_id in sorted(labelled.class_id for labelled in source.classes)
        for images in [members[class_id]]
        for chunk, first in enumerate(range(0, max(len(images), 1), chunk_size))
    }


class UnitStore:
    """The finished units of a run's pass, under `parts/aggregate/`.

    Args:
        run: the run's folder.
        fingerprint: of the model, images and config; a unit that was made of others counts as absent.
    """

    def __init__(self, run: Path, fingerprint: str) -> None:
        self.folder = run / "parts" / "aggregate"
        self._fingerprint = fingerprint

    def path(self, key: UnitKey) -> Path:
        return self.folder / f"{key.class_id:06d}-{key.chunk:04d}.npz"

    def has(self, key: UnitKey) -> bool:
        """Whether the unit is there, complete and of this run."""
        try:
            with self.path(key).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return bytes(arrays["fingerprint"]).decode() == self._fingerprint
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return False

    def remove(self) -> None:
        """Removes every unit, when the tables hold all that was in them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, key: UnitKey, packed: bytes) -> None:
        """Writes a unit, as `pack` made it, atomically."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replace_file(self.path(key)) as temporary:
            temporary.write_bytes(packed)

    def read(self, key: UnitKey) -> Unit:
        """Reads a finished unit.

        Raises:
            InputError: the file is damaged, or of another run.
        """
        return self._read(key, _unit)

    def _read(self, key: UnitKey, take: Callable[[Any], T]) -> T:
        """Reads from a unit's file what `take` takes from its arrays; others stay unread."""
        try:
            with self.path(key).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                if bytes(arrays["fingerprint"]).decode() != self._fingerprint:
                    raise ValueError("it was made of another model, other images or another config")
                return take(arrays)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
            raise InputError(
                "A finished unit of the pass is a complete file.",
                f"{self.path(key)}: {problem}.",
                "Delete that file and run the same command again: it makes the unit anew.",
            ) from problem

    def read_examples(self, class_id: int, n_chunks: int) -> list[Examples]:
        """Reads the images of a class that excite each channel most, by layer, and nothing else of its chunks.

        Raises:
            InputError: a file is damaged, or of another run.
        """
        total = self._read(UnitKey(class_id, 0), _examples)
        for chunk in range(1, n_chunks):
            following = self._read(UnitKey(class_id, chunk), _examples)
            total = [mine.merge(others) for mine, others in zip(total, following, strict=True)]
        return total

    def read_class(self, class_id: int, n_chunks: int, measures: Sequence[LinkMeasure]) -> ClassUnit:
        """Adds up the chunks of a class, in their order.

        Raises:
            InputError: a file is damaged, or of another run.
        """
        total = self.read(UnitKey(class_id, 0))
        for chunk in range(1, n_chunks):
            total = total.merge(self.read(UnitKey(class_id, chunk)))
        links = [
            measure.link_sums(sums, len(total.images.image_id))
            for measure, sums in zip(measures, total.influences, strict=True)
        ]
        return ClassUnit(total.images, total.layers, links, total.skipped)


def pack(unit: Unit, fingerprint: str) -> bytes:
    """A unit as the content of its file."""
    arrays: dict[str, Any] = {f"images.{name}": value for name, value in vars(unit.images).items()}
    for index, sums in enumerate(unit.layers):
        arrays[f"layer{index}.activation_count"] = sums.activation_count
        arrays[f"layer{index}.activation_sum"] = sums.activation_sum
        for name, value in vars(_trimmed(sums.examples)).items():
            arrays[f"layer{index}.examples.{name}"] = value
    for index, counted in enumerate(unit.influences):
        for place, pairs in enumerate(counted):
            arrays |= {f"link{index}.{place}.{name}": value for name, value in vars(pairs).items()}
    arrays["n_counted"] = np.array([len(counted) for counted in unit.influences], np.int32)
    arrays["n_examples"] = np.array([sums.examples.activation.shape[1] for sums in unit.layers], np.int32)
    arrays["skipped"] = np.frombuffer(json.dumps(unit.skipped).encode(), np.uint8)
    arrays["fingerprint"] = np.frombuffer(fingerprint.encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _added_layers(first: LayerSums, second: LayerSums) -> LayerSums:
    return LayerSums(
        first.activation_count + second.activation_count,
        first.activation_sum + second.activation_sum,
        first.examples.merge(second.examples),
    )


def _added_pairs(first: PairSums, second: PairSums) -> PairSums:
    """Pair by pair, sorted."""
    both = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in vars(first)}
    keys = both["target_channel"].astype(np.int64) << 32 | both["source"]
    found, place = np.unique(keys, return_inverse=True)
    count = np.zeros(len(found), np.int32)
    total = np.zeros(len(found), np.float64)
    for rows in (slice(0, len(first.source)), slice(len(first.source), None)):  # within each, a pair stands once
        count[place[rows]] += both["influence_count"][rows]
        total[place[rows]] += both["influence_sum"][rows]
    return PairSums((found >> 32).astype(np.int32), (found & 0xFFFFFFFF).astype(np.int32), count, total)


def _trimmed(examples: Examples) -> Examples:
    """Without the ranks that no channel has taken: a class of one image has one example."""
    taken = int((examples.activation > 0).sum(axis=1).max(initial=0))
    return Examples(*(value[:, :taken] for value in vars(examples).values()))


def _widened(examples: Examples, n_examples: int) -> Examples:
    """With places for as many examples as are kept."""
    n_channels, taken = examples.activation.shape
    wide = Examples.empty(n_channels, n_examples)
    for name, value in vars(wide).items():
        value[:, :taken] = getattr(examples, name)
    return wide


def _examples(arrays: Any) -> list[Examples]:
    names = ("activation", "image_id", "position")
    return [
        _widened(Examples(*(arrays[f"layer{index}.examples.{name}"] for name in names)), n_examples)
        for index, n_examples in enumerate(arrays["n_examples"].tolist())
    ]


def _unit(arrays: Any) -> Unit:
    layers = [
        LayerSums(arrays[f"layer{index}.activation_count"], arrays[f"layer{index}.activation_sum"], examples)
        for index, examples in enumerate(_examples(arrays))
    ]
    names = ("target_channel", "source", "influence_count", "influence_sum")
    influences = [
        [PairSums(*(arrays[f"link{index}.{place}.{name}"] for name in names)) for place in range(n_counted)]
        for index, n_counted in enumerate(arrays["n_counted"].tolist())
    ]
    images = ImageRows(*(arrays[f"images.{name}"] for name in ImageRows.__dataclass_fields__))
    return Unit(images, layers, influences, json.loads(bytes(arrays["skipped"]).decode()))
