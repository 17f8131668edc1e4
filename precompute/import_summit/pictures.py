"""Summit's pictures of channels: found by their names, and encoded anew for a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from precompute.contract.labelled import UnreadableImage
from precompute.contract.pictures import encode_crop
from precompute.contract.progress import Progress
from precompute.contract.schema import ALL_CLASSES
from precompute.contract.writing import TableWriter
from precompute.datasets.decode import decode
from precompute.examples.config import ExampleConfig
from precompute.import_summit.inception import INCEPTION, LAYERS

__all__ = ["Encoding", "Pictures", "find_pictures", "write_pictures"]

VISUALIZATIONS = ("channel", "diversity-0", "diversity-1", "diversity-2", "diversity-3")
"""Folders that hold a picture per channel; each is a kind of feature visualization."""
EXAMPLES = "dataset-p"
"""The folder of dataset examples, numbered from 0 per channel."""

_NAME = re.compile(r"(?P<layer>[a-z0-9]+)-(?P<channel>\d{1,6})-(?P<kind>[a-z]+(?:-[a-z0-9]+)*)\.(?:jpe?g|png|webp)")
_AT_ONCE = 256
_ROWS_PER_GROUP = 1000


class Place(NamedTuple):
    """What a picture shows: a channel, and which of its pictures; sorts as the tables do."""

    layer: int
    channel: int
    kind: str
    rank: int = 0


@dataclass(frozen=True)
class Encoding:
    """How pictures are stored: size and quality of examples and of feature visualizations, and threads at work."""

    examples: ExampleConfig = field(default_factory=ExampleConfig)
    visualizations: ExampleConfig = field(default_factory=lambda: ExampleConfig(size=224))
    workers: int = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder.

    Attributes:
        files: in the order of the tables.
        strangers: files whose names are no picture of a recorded channel, relative to the folder.
        folders: subfolders that nothing is known of.
    """

    files: Mapping[Place, Path]
    strangers: Sequence[str]
    folders: Sequence[str]

    def having(self, kind: str) -> set[tuple[int, int]]:
        """The channels `(layer, channel)` that have a picture of a kind."""
        return {place[:2] for place in self.files if place.kind == kind}


def find_pictures(data: Path) -> Pictures:
    """Looks through `feature-vis`; an absent folder holds no pictures."""
    root = data / "feature-vis"
    files: dict[Place, Path] = {}
    strangers = []
    for kind in (*VISUALIZATIONS, EXAMPLES):
        for path in _visible(root / kind):
            place = _place(path.name, kind)
            if place is None or place in files or not path.is_file():
                strangers.append(f"{kind}/{path.name}")
            else:
                files[place] = path
    folders = [p.name for p in _visible(root) if p.name not in (*VISUALIZATIONS, EXAMPLES)]
    return Pictures(dict(sorted(files.items())), strangers, folders)


def _visible(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".")) if folder.is_dir() else []


def _place(name: str, kind: str) -> Place | None:
    """From `mixed3a-101-channel.jpg`, or `mixed3a-101-dataset-p-7.jpg`."""
    match = _NAME.fullmatch(name)
    if match is None or match["layer"] not in LAYERS:
        return None
    layer, channel = LAYERS[match["layer"]], int(match["channel"])
    if channel >= INCEPTION[layer].n_channels:
        return None
    if kind != EXAMPLES:
        return Place(layer, channel, kind) if match["kind"] == kind else None
    stem, _, rank = match["kind"].rpartition("-")
    return Place(layer, channel, kind, int(rank)) if stem == kind and rank.isdecimal() else None


def write_pictures(run: Path, pictures: Pictures, encoding: Encoding, progress: Progress) -> dict[str, str]:
    """Writes feature_visualizations and dataset_examples, each if there is a picture for it.

    Returns:
        The reason of every picture that could not be read, by its path.
    """
    visualizations = [place for place in pictures.files if place.kind != EXAMPLES]
    examples = [place for place in pictures.files if place.kind == EXAMPLES]
    unreadable: dict[str, str] = {}
    with (
        ThreadPoolExecutor(encoding.workers, thread_name_prefix="picture") as pool,
        progress.stage("Pictures", total=len(pictures.files), unit="pictures") as advance,
    ):

        def encoded(places: Sequence[Place], config: ExampleConfig) -> Iterator[tuple[Place, bytes]]:
            for start in range(0, len(places), _AT_ONCE):  # an interruption waits for those that were handed out
                some = places[start : start + _AT_ONCE]
                results = pool.map(lambda place: _encode(pictures.files[place], config), some)
                for place, result in zip(some, results, strict=True):
                    if isinstance(result, bytes):
                        yield place, result
                    else:
                        unreadable[str(pictures.files[place])] = str(result)
                    advance(1)

        if visualizations:
            with TableWriter(run, "feature_visualizations") as writer:
                for group in _by_channels(encoded(visualizations, encoding.visualizations)):
                    writer.write(_visualization_rows(group))
        if examples:
            with TableWriter(run, "dataset_examples") as writer:
                for group in _by_channels(encoded(examples, encoding.examples)):
                    writer.write(_example_rows(group))
    return unreadable


def _encode(path: Path, config: ExampleConfig) -> bytes | UnreadableImage:
    try:
        return encode_crop(decode(path), config)
    except UnreadableImage as problem:
        return problem


def _by_channels(rows: Iterable[tuple[Place, bytes]]) -> Iterator[list[tuple[Place, bytes]]]:
    """Rows of about a thousand pictures that hold whole channels of one layer: what a reader opens for one of them."""
    group: list[tuple[Place, bytes]] = []
    for row in rows:
        if group and _ends(group, row[0]):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _ends(group: Sequence[tuple[Place, bytes]], following: Place) -> bool:
    last = group[-1][0]
    is_next_channel = last[:2] != following[:2]
    return last.layer != following.layer or (is_next_channel and len(group) >= _ROWS_PER_GROUP)


def _channel_columns(group: Sequence[tuple[Place, bytes]]) -> dict[str, list[object]]:
    return {
        "layer": [INCEPTION[place.layer].name for place, _ in group],
        "channel": [place.channel for place, _ in group],
        "image": [image for _, image in group],
    }


def _visualization_rows(group: Sequence[tuple[Place, bytes]]) -> dict[str, list[object]]:
    unknown = ("objective_value", "n_steps", "initial_objective_value")
    kinds: list[object] = [place.kind for place, _ in group]
    return {**_channel_columns(group), "kind": kinds, **{name: [None] * len(group) for name in unknown}}


def _example_rows(group: Sequence[tuple[Place, bytes]]) -> dict[str, list[object]]:
    unknown = ("image_id", "activation", "x0", "y0", "x1", "y1")
    ranks: list[object] = [place.rank for place, _ in group]
    owner: list[object] = [ALL_CLASSES] * len(group)
    return {
        **_channel_columns(group),
        "class_id": owner,
        "rank": ranks,
        **{name: [None] * len(group) for name in unknown},
    }
