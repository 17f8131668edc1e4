"""Finished units of work on disk, by which runs are resumed. A unit appears whole, or not at all.

A unit is some images of one class: chunk 0 the first `chunk_size` of them, and so on. Its content depends on these
images, the model and the config, and on nothing else. Chunks of a class are added up in their order, so sums come of
one fixed order of additions. Therefore the chunk size is part of a run's identity.
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
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.pairs import PairSums
from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.datasets.images import ImageSource

T = TypeVar("T")


@dataclass(frozen=True)
class ImageRows:
    """The model's predictions for images of one class, in order of image_id; all `(image,)`.

    Attributes:
        image_id: index in the source.
        predicted_class_id: most probable output; of several, the lowest.
        predicted_probability: its probability.
        true_probability: of the image's own class (see `Probabilities`); NaN where no output means it.
        in_top5: True where an output of the own class is among the five most probable; ties by the lower output.
    """

    image_id: NDArray[np.int32]
    predicted_class_id: NDArray[np.int32]
    predicted_probability: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    in_top5: NDArray[np.bool_]

    @classmethod
    def make_empty(cls) -> ImageRows:
        """Makes an empty set of rows, for a unit without images."""
        whole, real = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls(whole, whole, real, real, np.zeros(0, np.bool_))


def join_rows(rows: Sequence[ImageRows]) -> ImageRows:
    """Joins rows one after another; none give an empty set."""
    columns = ImageRows.__dataclass_fields__
    return ImageRows(*(np.concatenate([getattr(r, name) for r in (ImageRows.make_empty(), *rows)]) for name in columns))


class UnitKey(NamedTuple):
    """The key of a unit: a class, and a chunk of its images, from 0."""

    class_id: int
    chunk: int


@dataclass(frozen=True)
class Unit:
    """All that the pass found out about some images of one class.

    Attributes:
        images: predictions for the images that were counted.
        layers: the sums of every recorded layer.
        influences: per link, the sums of each influence that the link's measure counts.
        skipped: by path, the reason for every image that is unreadable or without finite numbers.
    """

    images: ImageRows
    layers: list[LayerSums]
    influences: list[list[PairSums]]
    skipped: dict[str, str]

    def merge(self, other: Unit) -> Unit:
        """Adds up both; `other` holds the next images of the class."""
        return Unit(
            join_rows([self.images, other.images]),
            [_add_layers(*both) for both in zip(self.layers, other.layers, strict=True)],
            [
                [_add_pairs(*both) for both in zip(mine, others, strict=True)]
                for mine, others in zip(self.influences, other.influences, strict=True)
            ],
            self.skipped | other.skipped,
        )


@dataclass(frozen=True)
class ClassUnit:
    """All that the pass found out about one class.

    As in `Unit`, but `influences` holds one table per link, as its measure composes it.
    """

    images: ImageRows
    layers: list[LayerSums]
    influences: list[PairSums]
    skipped: dict[str, str]


def plan_units(source: ImageSource, chunk_size: int) -> dict[UnitKey, list[LabelledImage]]:
    """Lists the images of every unit, in order of image_id; a class without images has one unit without images."""
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

    def find_path(self, key: UnitKey) -> Path:
        """Returns the path of a unit's file, whether it exists or not."""
        return self.folder / f"{key.class_id:06d}-{key.chunk:04d}.npz"

    def has(self, key: UnitKey) -> bool:
        """Returns True for a unit that is there, complete and of this run."""
        try:
            with self.find_path(key).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return bytes(arrays["fingerprint"]).decode() == self._fingerprint
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return False

    def remove(self) -> None:
        """Removes every unit; the tables hold all that was in them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, key: UnitKey, packed: bytes) -> None:
        """Writes a unit, packed by `pack`, atomically."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with replace_file(self.find_path(key)) as temporary:
            temporary.write_bytes(packed)

    def read(self, key: UnitKey) -> Unit:
        """Reads a finished unit.

        Raises:
            InputError: the file is damaged, or of another run.
        """
        return self._read(key, _unpack)

    def _read(self, key: UnitKey, take: Callable[[Any], T]) -> T:
        """Reads those arrays of a unit's file that `take` takes; others stay unread."""
        try:
            with self.find_path(key).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                if bytes(arrays["fingerprint"]).decode() != self._fingerprint:
                    raise ValueError("it was made of another model, other images or another config")
                return take(arrays)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
            raise InputError(
                "A finished unit of the pass is a complete file.",
                f"{self.find_path(key)}: {problem}.",
                "Delete that file and run the same command again: it makes the unit anew.",
            ) from problem

    def read_examples(self, class_id: int, n_chunks: int) -> list[Examples]:
        """Reads the examples of a class, by layer, and nothing else of its chunks.

        Raises:
            InputError: a file is damaged, or of another run.
        """
        total = self._read(UnitKey(class_id, 0), _unpack_examples)
        for chunk in range(1, n_chunks):
            following = self._read(UnitKey(class_id, chunk), _unpack_examples)
            total = [mine.merge(others) for mine, others in zip(total, following, strict=True)]
        return total

    def read_class(self, class_id: int, n_chunks: int, measures: Sequence[LinkMeasure]) -> ClassUnit:
        """Adds up the chunks of a class, in their order.

        Args:
            class_id: of the class.
            n_chunks: the number of its units.
            measures: of the links; they compose the links' sums.

        Raises:
            InputError: a file is damaged, or of another run.
        """
        total = self.read(UnitKey(class_id, 0))
        for chunk in range(1, n_chunks):
            total = total.merge(self.read(UnitKey(class_id, chunk)))
        links = [
            measure.compose_link(sums, len(total.images.image_id))
            for measure, sums in zip(measures, total.influences, strict=True)
        ]
        return ClassUnit(total.images, total.layers, links, total.skipped)


def pack(unit: Unit, fingerprint: str) -> bytes:
    """Packs a unit into the content of its file."""
    arrays: dict[str, Any] = {f"images.{name}": value for name, value in vars(unit.images).items()}
    for index, sums in enumerate(unit.layers):
        arrays[f"layer{index}.activation_count"] = sums.activation_count
        arrays[f"layer{index}.activation_sum"] = sums.activation_sum
        for name, value in vars(_trim(sums.examples)).items():
            arrays[f"layer{index}.examples.{name}"] = value
    for index, counted in enumerate(unit.influences):
        for index_counted, pairs in enumerate(counted):
            arrays |= {f"link{index}.{index_counted}.{name}": value for name, value in vars(pairs).items()}
    arrays["n_counted"] = np.array([len(counted) for counted in unit.influences], np.int32)
    arrays["n_examples"] = np.array([sums.examples.activation.shape[1] for sums in unit.layers], np.int32)
    arrays["skipped"] = np.frombuffer(json.dumps(unit.skipped).encode(), np.uint8)
    arrays["fingerprint"] = np.frombuffer(fingerprint.encode(), np.uint8)
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _add_layers(first: LayerSums, second: LayerSums) -> LayerSums:
    return LayerSums(
        first.activation_count + second.activation_count,
        first.activation_sum + second.activation_sum,
        first.examples.merge(second.examples),
    )


def _add_pairs(first: PairSums, second: PairSums) -> PairSums:
    """Adds pair by pair; the result is sorted by target and source."""
    both = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in vars(first)}
    keys = both["target_channel"].astype(np.int64) << 32 | both["source"]
    found, index = np.unique(keys, return_inverse=True)
    count = np.zeros(len(found), np.int32)
    total = np.zeros(len(found), np.float64)
    for rows in (slice(0, len(first.source)), slice(len(first.source), None)):  # each of the two holds a pair once
        count[index[rows]] += both["influence_count"][rows]
        total[index[rows]] += both["influence_sum"][rows]
    return PairSums((found >> 32).astype(np.int32), (found & 0xFFFFFFFF).astype(np.int32), count, total)


def _trim(examples: Examples) -> Examples:
    """Trims the ranks that no channel uses: a class of one image has one example."""
    taken = int((examples.activation > 0).sum(axis=1).max(initial=0))
    return Examples(*(value[:, :taken] for value in vars(examples).values()))


def _widen(examples: Examples, n_examples: int) -> Examples:
    """Widens examples to as many ranks as the config keeps."""
    n_channels, taken = examples.activation.shape
    wide = Examples.make_empty(n_channels, n_examples)
    for name, value in vars(wide).items():
        value[:, :taken] = getattr(examples, name)
    return wide


def _unpack_examples(arrays: Any) -> list[Examples]:
    names = ("activation", "image_id", "position")
    return [
        _widen(Examples(*(arrays[f"layer{index}.examples.{name}"] for name in names)), n_examples)
        for index, n_examples in enumerate(arrays["n_examples"].tolist())
    ]


def _unpack(arrays: Any) -> Unit:
    layers = [
        LayerSums(arrays[f"layer{index}.activation_count"], arrays[f"layer{index}.activation_sum"], examples)
        for index, examples in enumerate(_unpack_examples(arrays))
    ]
    names = ("target_channel", "source", "influence_count", "influence_sum")
    influences = [
        [PairSums(*(arrays[f"link{index}.{counted}.{name}"] for name in names)) for counted in range(n_counted)]
        for index, n_counted in enumerate(arrays["n_counted"].tolist())
    ]
    images = ImageRows(*(arrays[f"images.{name}"] for name in ImageRows.__dataclass_fields__))
    return Unit(images, layers, influences, json.loads(bytes(arrays["skipped"]).decode()))
