"""Confusions: the number of images of each class that the model took for another class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from precompute.contract.output_meanings import find_recorded_outputs
from precompute.contract.schema import locate_table, read_table
from summit_dash.run.store import RunStore

__all__ = ["Confusions", "Pairs", "compute_confusions", "has_confusions", "read_output_names", "require_outputs"]

_RULE = "An image is taken for a class where the model's outputs mean the classes."
_COLUMNS = ["class_id", "predicted_class_id"]
_BITS = 32
Integers = NDArray[np.int64]


class Pairs(NamedTuple):
    """Counts of images by their class and what they were taken for; arrays (pair,), sorted by both.

    Attributes:
        class_id: class of the images.
        taken_for: the class, or the output, that the model took them for.
        n_images: number of them, at least 1.
    """

    class_id: Integers
    taken_for: Integers
    n_images: Integers

    def select(self, rows: NDArray[np.bool_] | Integers) -> Pairs:
        """Returns some of the pairs, by a mask or in the order of the given rows."""
        return Pairs(self.class_id[rows], self.taken_for[rows], self.n_images[rows])


_NONE = Pairs(*(np.zeros(0, np.int64) for _ in Pairs._fields))


class Confusions(NamedTuple):
    """The confusions of a run. Classes that no output of the model means are left out: it cannot be right about them.

    Attributes:
        class_ids: the classes, ascending, (class,).
        n_images: images of each, (class,).
        n_wrong: images of each whose most probable output does not mean the class, (class,).
        pairs: wrong images by the class that they were taken for. An output that means several classes counts for each.
        outside: wrong images by their output where it means none of the run's classes.
    """

    class_ids: Integers
    n_images: Integers
    n_wrong: Integers
    pairs: Pairs
    outside: Pairs

    def find_row(self, class_id: int) -> int | None:
        """Returns the place of a class in `class_ids`; None for a class that no output means."""
        row = int(np.searchsorted(self.class_ids, class_id))
        return row if row < len(self.class_ids) and self.class_ids[row] == class_id else None


def compute_confusions(store: RunStore) -> Confusions:
    """Counts the confusions of a run's classes; the run is read once, row group by row group.

    Args:
        store: the run. Images of classes that it was not opened with are left out.

    Returns:
        Counts of images, sparse: some 2 MB at 1,000 classes.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    return store.read_once("confusions", lambda: _count(store))


def has_confusions(store: RunStore) -> bool:
    """Returns True where the run holds what its images were taken for, and outputs mean its classes."""
    try:
        return bool(require_outputs(store))
    except InputError:
        return False


def require_outputs(store: RunStore) -> dict[int, tuple[int, ...]]:
    """Returns the outputs that mean each class, by class_id; classes without an output are absent.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    if not store.has("images"):
        if store.manifest.get("imported"):
            raise InputError(
                _RULE,
                "The imported data does not say what the model took each image for.",
                "Compute a run of the model with `summit-dash precompute`.",
            )
        read_table(store.path, "images", _COLUMNS)  # Raises the message that names the missing stage.
    outputs = find_recorded_outputs(store.manifest.get("dataset") or {}, store.classes)
    if not any(outputs.values()):
        raise InputError(
            _RULE,
            "The labels of this run are not the model's outputs.",
            "Say which outputs mean each class with `--class-outputs FILE`, and make the run again.",
        )
    return {class_id: found for class_id, found in outputs.items() if found}


def read_output_names(store: RunStore) -> Mapping[int, str]:
    """Reads the names of the outputs, by output: those that the model states, else those of the whole run's classes."""
    stated = (store.manifest.get("model") or {}).get("output_names")
    if isinstance(stated, list):
        return {output: str(name) for output, name in enumerate(stated)}
    table = read_table(store.path, "classes", ["class_id", "class_name"])
    names = dict(zip(table["class_id"].to_pylist(), table["class_name"].to_pylist(), strict=True))
    outputs = find_recorded_outputs(store.manifest.get("dataset") or {}, names)
    return {output: names[class_id] for class_id, found in outputs.items() for output in found}


def _count(store: RunStore) -> Confusions:
    outputs = require_outputs(store)
    class_ids = np.array(sorted(outputs), np.int64)
    seen = _sum_pairs([_count_pairs(*part, class_ids) for part in _read_predictions(store.path)])
    known, meant = _list_meanings(outputs)
    first = np.searchsorted(known, seen.taken_for, "left")
    n_meant = np.searchsorted(known, seen.taken_for, "right") - first
    row = np.repeat(np.arange(len(n_meant)), n_meant)
    place = np.arange(len(row)) - np.repeat(np.cumsum(n_meant) - n_meant, n_meant)
    named = Pairs(seen.class_id[row], meant[first[row] + place], seen.n_images[row])
    is_wrong = np.ones(len(n_meant), np.bool_)
    is_wrong[row[named.class_id == named.taken_for]] = False
    return Confusions(
        class_ids=class_ids,
        n_images=_sum_by_class(seen, class_ids),
        n_wrong=_sum_by_class(seen.select(is_wrong), class_ids),
        pairs=_sum_pairs([named.select(is_wrong[row])]),
        outside=seen.select(is_wrong & (n_meant == 0)),
    )


def _read_predictions(run: Path) -> Iterator[tuple[Integers, Integers]]:
    """Yields class and most probable output of each image, one row group after another."""
    path = locate_table(run, "images")
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, columns=_COLUMNS)
                yield tuple(table[name].to_numpy().astype(np.int64) for name in _COLUMNS)
    except (pa.ArrowInvalid, OSError) as problem:
        rule, fix = "A table of a run is a complete Parquet file.", "Make the run again with --overwrite."
        raise InputError(rule, f"{path}: {problem}.", fix) from problem


def _count_pairs(class_id: Integers, output: Integers, class_ids: Integers) -> Pairs:
    mine = np.isin(class_id, class_ids)
    return _sum_pairs([Pairs(class_id[mine], output[mine], np.ones(int(mine.sum()), np.int64))])


def _sum_pairs(parts: list[Pairs]) -> Pairs:
    """Adds the counts of equal pairs, whose numbers are those of int32 columns."""
    class_id, taken_for, n_images = (np.concatenate(columns) for columns in zip(_NONE, *parts, strict=True))
    keys, row = np.unique(class_id << _BITS | taken_for, return_inverse=True)
    counts = np.bincount(row, n_images, minlength=len(keys)).astype(np.int64)
    return Pairs(keys >> _BITS, keys & ((1 << _BITS) - 1), counts)


def _list_meanings(outputs: Mapping[int, tuple[int, ...]]) -> tuple[Integers, Integers]:
    """Returns outputs, ascending, and the class that each means; an output of several classes is there repeatedly."""
    meanings = sorted((output, class_id) for class_id, found in outputs.items() for output in found)
    known, meant = zip(*meanings, strict=True)
    return np.array(known, np.int64), np.array(meant, np.int64)


def _sum_by_class(pairs: Pairs, class_ids: Integers) -> Integers:
    rows = np.searchsorted(class_ids, pairs.class_id)
    return np.bincount(rows, pairs.n_images, minlength=len(class_ids)).astype(np.int64)
