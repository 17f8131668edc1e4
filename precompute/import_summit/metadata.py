"""The facts about the classes: from a file of labels, and from Summit's `imagenet.json` if it is there."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.contract.schema import HISTOGRAM_BINS
from precompute.contract.summit_files import StatedClass
from precompute.datasets.labels.classes import Label, build_classes, parse_whole_number
from precompute.import_summit.network import SUMMITS, Network

__all__ = ["ClassFacts", "read_imagenet", "read_labels", "state_facts"]

_LABELS_RULE = "--labels names a .csv with the columns class_id and class_name, and synset and group where known."
_IMAGENET_RULE = "Summit's imagenet.json is a list with an object for each class, numbered by target_class."
Point = tuple[float, float]


@dataclass(frozen=True)
class ClassFacts:
    """The facts about a class from `imagenet.json`; None or empty if they are missing.

    Attributes:
        class_name: `name`, with blanks for underscores.
        synset: WordNet's identifier of the class.
        n_images: number of images that were counted (`numOfInstances`).
        top1_accuracy: fraction of these images (`topOneAcc`).
        probability_histogram: numbers of images by probability, in 20 equal bins from 0 to 1: in `accs` that of the
            most probable output, in `run.json` that of the class itself.
        points: x and y in Summit's own embedding by layer (`embed`); of all layers or empty.
        counts: activation count of each channel that has one, by layer (`topChannels`).
        group: a super-class (`run.json` alone states it, as the next one).
        top5_accuracy: fraction of its images.
    """

    class_name: str | None = None
    synset: str | None = None
    n_images: int | None = None
    top1_accuracy: float | None = None
    probability_histogram: Sequence[int] | None = None
    points: Mapping[str, Point] = field(default_factory=dict)
    counts: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    group: str | None = None
    top5_accuracy: float | None = None


# --- labels ---------------------------------------------------------------------------------------------------------


def read_labels(path: Path) -> dict[int, LabelledClass]:
    """Reads the names of classes by id, from a manifest of images or a list of classes; a class may have many lines.

    Raises:
        InputError: the file is missing; a column is missing; lines contradict each other.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"class_id", "class_name"} - set(reader.fieldnames or ())
            if missing:
                raise _build_labels_error(path, f"it has no column {' and no '.join(sorted(missing))}")
            labels = [_read_label(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise _build_labels_error(path, str(getattr(problem, "strerror", None) or problem)) from problem
    classes, _ = build_classes(str(path), labels)
    return {known.class_id: known for known in classes}


def _read_label(path: Path, line: int, row: Mapping[str, str | None]) -> Label:
    name, number = (row["class_name"] or "").strip(), parse_whole_number((row["class_id"] or "").strip())
    if not name or number is None:
        raise _build_labels_error(
            path, f"line {line} has class_id {row['class_id']!r} and class_name {row['class_name']!r}"
        )
    synset, group = ((row.get(key) or "").strip() or None for key in ("synset", "group"))
    return Label(f"line {line}", name, number, synset, group)


def _build_labels_error(path: Path, found: str) -> InputError:
    return InputError(_LABELS_RULE, f"{path}: {found}.", "Correct the file, or leave --labels out.")


# --- imagenet.json --------------------------------------------------------------------------------------------------


def read_imagenet(path: Path, network: Network = SUMMITS) -> dict[int, ClassFacts]:
    """Reads the facts about each class by its id (`target_class`); missing and unsound fields are left out.

    Raises:
        InputError: the file is no JSON; it is no list of numbered classes.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            raise ValueError("it is no list of objects")
        ids = [_read_class_id(entry) for entry in entries]
        if len(set(ids)) < len(ids):
            raise ValueError(f"class {max(ids, key=ids.count)} is there twice")
    except (OSError, ValueError, RecursionError) as problem:
        found = f"{path}: {getattr(problem, 'strerror', None) or problem}."
        raise InputError(_IMAGENET_RULE, found, "Fetch the file again, or take it out of the folder.") from problem
    return {class_id: _read_facts(entry, network) for class_id, entry in zip(ids, entries, strict=True)}


def state_facts(facts: ClassFacts, stated: StatedClass | None) -> ClassFacts:
    """Returns the facts of `imagenet.json` with those of `run.json` in their place."""
    if stated is None:
        return facts
    return replace(
        facts,
        class_name=stated.class_name,
        synset=stated.synset,
        group=stated.group,
        top5_accuracy=stated.top5_accuracy,
        probability_histogram=stated.probability_histogram,
    )


def _read_class_id(entry: Mapping[str, Any]) -> int:
    number = parse_whole_number(str(entry.get("target_class", "")))
    if number is None:
        raise ValueError(f"a class has the target_class {entry.get('target_class')!r}")
    return number


def _read_facts(entry: Mapping[str, Any], network: Network) -> ClassFacts:
    n_images = _read_count(entry.get("numOfInstances"))
    name, synset = (_read_text(entry.get(key)) for key in ("name", "synset"))
    return ClassFacts(
        class_name=name.replace("_", " ") if name else None,
        synset=synset,
        n_images=n_images or None,
        top1_accuracy=_read_fraction(entry.get("topOneAcc")),
        probability_histogram=_compute_histogram(entry.get("accs"), n_images),
        points=_read_points(entry.get("embed"), network),
        counts=_read_counts(entry.get("topChannels"), network),
    )


def _read_text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _read_count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def _read_number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None


def _read_fraction(value: Any) -> float | None:
    number = _read_number(value)
    return number if number is not None and 0 <= number <= 1 else None


def _compute_histogram(values: Any, n_images: int | None) -> list[int] | None:
    """Computes the histogram of probabilities; None unless there is one probability for each image."""
    fractions = [_read_fraction(v) for v in values] if isinstance(values, list) else []
    if not fractions or len(fractions) != n_images or None in fractions:
        return None
    known = np.array(fractions, np.float64)
    return [int(n) for n in np.histogram(known, HISTOGRAM_BINS, (0, 1))[0]]


def _read_points(value: Any, network: Network) -> dict[str, Point]:
    points = {}
    for name in network.indices:
        point = value.get(name) if isinstance(value, dict) else None
        x, y = (_read_number(point.get(axis)) if isinstance(point, dict) else None for axis in ("x", "y"))
        if x is None or y is None:
            return {}
        points[name] = (x, y)
    return points


def _read_counts(value: Any, network: Network) -> dict[str, dict[int, int]]:
    listed = value if isinstance(value, dict) else {}
    return (
        {
            layer.file_name: dict(_iterate_channel_counts(listed.get(layer.file_name), layer.n_channels))
            for layer in network.layers
        }
        if listed
        else {}
    )


def _iterate_channel_counts(entries: Any, n_channels: int) -> Iterable[tuple[int, int]]:
    for entry in entries if isinstance(entries, list) else []:
        channel, count = (_read_count(entry.get(key)) if isinstance(entry, dict) else None for key in ("ch", "ct"))
        if channel is not None and count is not None and channel < n_channels:
            yield channel, count
