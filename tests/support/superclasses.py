"""Super-classes of the 1,000 ImageNet classes: labels that are not a model's outputs, with the outputs that mean them.

They follow the names in `labels.csv`, in the order of ImageNet's outputs. `tests/real/test_superclasses.py` compares
the animals with WordNet's numbering of the synsets.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SuperClass:
    """A class of several outputs, and the broader group that it belongs to."""

    name: str
    group: str
    outputs: tuple[int, ...]


def _parse_outputs(text: str) -> tuple[int, ...]:
    """Parses `7-9, 12` to (7, 8, 9, 12)."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        found += range(int(first), int(last or first) + 1)
    return tuple(found)


_WRITTEN = (
    ("fish", "animal", "0-6, 389-397"),  # tench to stingray, barracouta to puffer
    ("birds", "animal", "7-24, 80-100, 127-146"),  # cock to owl, grouse to swan, storks to albatross
    ("lizards", "animal", "38-48"),  # banded gecko to Komodo dragon
    ("snakes", "animal", "52-68"),  # thunder snake to sidewinder
    ("arachnids and crustaceans", "animal", "70-78, 118-126"),  # harvestman to tick, Dungeness crab to isopod
    ("dogs", "animal", "151-268"),  # Chihuahua to Mexican hairless
    ("wolves and foxes", "animal", "269-275, 277-280"),  # timber wolf to African hunting dog, foxes; no hyena (276)
    ("cats", "animal", "281-293"),  # tabby to cheetah
    ("insects", "animal", "300-326"),  # tiger beetle to lycaenid
    ("hoofed animals", "animal", "339-355"),  # sorrel to llama
    ("primates", "animal", "365-384"),  # orangutan to indri
    (
        "clothing",
        "object",
        "399, 400, 411, 445, 459, 474, 501, 568, 578, 601, 608, 610, 614, 617, 638, 639, 652, 655, 689, 697, 735, 775, "
        "824, 834, 841, 842, 869, 887",
    ),
    (
        "musical instruments",
        "object",
        "401, 402, 420, 432, 486, 494, 513, 541, 546, 558, 566, 577, 579, 593, 594, 641, 642, 683, 684, 687, 699, 776, "
        "822, 875, 881, 889",
    ),
    ("boats", "object", "403, 472, 484, 510, 554, 576, 625, 628, 724, 780, 814, 833, 871, 914"),
    (
        "road vehicles",
        "object",
        "407, 408, 436, 468, 511, 555, 569, 573, 575, 609, 627, 654, 656, 661, 665, 670, 675, 717, 734, 751, 757, 779, "
        "817, 864, 867, 874",
    ),
    (
        "furniture",
        "object",
        "423, 431, 453, 492, 493, 495, 516, 520, 526, 532, 548, 553, 559, 564, 648, 703, 736, 765, 831, 857, 894",
    ),
    ("buildings", "object", "425, 449, 483, 497, 498, 580, 663, 668, 698, 727, 743, 832"),
    ("dishes", "food", "924-935, 959-965"),  # guacamole to mashed potato, carbonara to burrito; no hay (958)
    ("fruit and vegetables", "food", "936-957"),  # head cabbage to pomegranate
)

SUPER_CLASSES = tuple(SuperClass(name, group, _parse_outputs(text)) for name, group, text in _WRITTEN)


def write_superclasses(labels: Path, folder: Path, n_images: int | None = None) -> tuple[Path, Path]:
    """Writes a manifest of images by super-class, and the file of the outputs that mean each.

    Args:
        labels: a .csv with the columns path and class_id, its paths relative to its folder.
        folder: the folder to write to; the manifest's paths are relative to it.
        n_images: images per super-class, spread over its outputs; None takes all.

    Returns:
        The manifest (path, class_name, group) and the mapping (class_name, output_index).
    """
    with labels.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    manifest, mapping = folder / "superclasses.csv", folder / "class_outputs.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "class_name", "group"))
        for entry in SUPER_CLASSES:
            paths = [labels.parent / row["path"] for row in rows if int(row["class_id"]) in entry.outputs]
            for path in _take_evenly(paths, n_images):
                writer.writerow((os.path.relpath(path, folder), entry.name, entry.group))
    with mapping.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("class_name", "output_index"))
        writer.writerows((entry.name, index) for entry in SUPER_CLASSES for index in entry.outputs)
    return manifest, mapping


def _take_evenly(paths: Sequence[Path], number: int | None) -> Sequence[Path]:
    return paths if number is None else [paths[i * len(paths) // number] for i in range(min(number, len(paths)))]
