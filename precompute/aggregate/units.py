"""Finished classes on disk: the unit of resuming. A unit appears whole, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.aggregate.accumulate import Examples, LayerSums
from precompute.aggregate.pairs import PairSums
from precompute.errors import InputError


@dataclass(frozen=True)
class ImageRows:
    """What the model said of each image of a class, in order of image_id; all `(image,)`.

    Attributes:
        image_id: place in the source.
        predicted_class_id: most probable output.
        predicted_probability: its softmax probability.
        true_probability: of the image's own class, summed over its outputs; NaN where it has none.
        in_top5: whether an output of the own class is among the five most probable.
    """

    image_id: NDArray[np.int32]
    predicted_class_id: NDArray[np.int32]
    predicted_probability: NDArray[np.float32]
    true_probability: NDArray[np.float32]
    in_top5: NDArray[np.bool_]


@dataclass(frozen=True)
class ClassUnit:
    """All that the pass found out about one class."""

    images: ImageRows
    layers: list[LayerSums]
    influences: list[PairSums]
    skipped: dict[str, str]
    """Path of every unreadable image, and why."""


class UnitStore:
    """The finished classes of a run's pass, under `parts/aggregate/`."""

    def __init__(self, run: Path) -> None:
        self.folder = run / "parts" / "aggregate"

    def path(self, class_id: int) -> Path:
        return self.folder / f"{class_id:06d}.npz"

    def has(self, class_id: int) -> bool:
        return self.path(class_id).is_file()

    def remove(self) -> None:
        """Removes every unit, when the tables hold all that was in them."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, class_id: int, unit: ClassUnit) -> None:
        """Writes a unit atomically."""
        arrays: dict[str, Any] = {f"images.{name}": value for name, value in vars(unit.images).items()}
        for index, sums in enumerate(unit.layers):
            arrays[f"layer{index}.activation_count"] = sums.activation_count
            arrays[f"layer{index}.activation_sum"] = sums.activation_sum
            for name, value in vars(_trimmed(sums.examples)).items():
                arrays[f"layer{index}.examples.{name}"] = value
        for index, pairs in enumerate(unit.influences):
            arrays |= {f"link{index}.{name}": value for name, value in vars(pairs).items()}
        arrays["skipped"] = np.frombuffer(json.dumps(unit.skipped).encode(), np.uint8)
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.path(class_id).with_suffix(f".{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            temporary.replace(self.path(class_id))
        finally:
            temporary.unlink(missing_ok=True)

    def read(self, class_id: int) -> ClassUnit:
        """Reads a finished class.

        Raises:
            InputError: the file is damaged.
        """
        try:
            with np.load(self.path(class_id), allow_pickle=False) as arrays:
                return _unit(arrays)
        except (OSError, ValueError, KeyError) as problem:
            raise InputError(
                "A finished class of the pass is a complete file.",
                f"{self.path(class_id)}: {problem}.",
                "Delete that file and run the same command again: it makes the class anew.",
            ) from problem


def _trimmed(examples: Examples) -> Examples:
    """Without the ranks that no channel has taken: a class of one image has one example."""
    taken = int((examples.activation > 0).sum(axis=1).max(initial=0))
    return Examples(*(value[:, :taken] for value in vars(examples).values()))


def _unit(arrays: Any) -> ClassUnit:
    layers: list[LayerSums] = []
    influences: list[PairSums] = []
    while f"layer{len(layers)}.activation_count" in arrays:
        key = f"layer{len(layers)}"
        examples = Examples(*(arrays[f"{key}.examples.{name}"] for name in ("activation", "image_id", "position")))
        layers.append(LayerSums(arrays[f"{key}.activation_count"], arrays[f"{key}.activation_sum"], examples))
    while f"link{len(influences)}.source" in arrays:
        key = f"link{len(influences)}"
        names = ("target_channel", "source", "influence_count", "influence_sum")
        influences.append(PairSums(*(arrays[f"{key}.{name}"] for name in names)))
    images = ImageRows(*(arrays[f"images.{name}"] for name in ImageRows.__dataclass_fields__))
    return ClassUnit(images, layers, influences, json.loads(bytes(arrays["skipped"]).decode()))
