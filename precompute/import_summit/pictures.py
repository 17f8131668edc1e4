"""Summit's pictures of channels: found by their names, and encoded again for a run."""

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
from precompute.import_summit.network import SUMMITS, Network

__all__ = ["Encoding", "Pictures", "find_pictures", "write_pictures"]

VISUALIZATIONS = ("channel", "diversity-0", "diversity-1", "diversity-2", "diversity-3")
"""Folders that hold a picture per channel; each is a kind of feature visualization."""
EXAMPLES = "dataset-p"
"""The folder of dataset examples, numbered from 0 per channel."""

_NAME = re.compile(r"(?P<layer>[A-Za-z0-9_]+)-(?P<channel>\d{1,6})-(?P<kind>[a-z]+(?:-[a-z0-9]+)*)\.(?:jpe?g|png|webp)")
_AT_ONCE = 256
_ROWS_PER_GROUP = 1000


class PictureKey(NamedTuple):
    """The key of a picture: its channel, its kind and its rank; keys sort like the rows of the tables."""

    layer: int
    channel: int
    kind: str
    rank: int = 0


@dataclass(frozen=True)
class Encoding:
    """The settings of stored pictures.

    Attributes:
        examples: size and quality of dataset examples.
        visualizations: size and quality of feature visualizations.
        workers: number of threads.
    """

    examples: ExampleConfig = field(default_factory=ExampleConfig)
    visualizations: ExampleConfig = field(default_factory=lambda: ExampleConfig(size=224))
    workers: int = min(8, os.cpu_count() or 1)


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder.

    Attributes:
        files: by key, in the order of the tables.
        strangers: paths, relative to the folder, of files that are no picture of a recorded channel by their names.
        folders: names of unknown subfolders.
    """

    files: Mapping[PictureKey, Path]
    strangers: Sequence[str]
    folders: Sequence[str]

    def find_channels(self, kind: str) -> set[tuple[int, int]]:
        """Finds the channels `(layer, channel)` that have a picture of a kind."""
        return {key[:2] for key in self.files if key.kind == kind}


def find_pictures(data: Path, network: Network = SUMMITS) -> Pictures:
    """Finds the pictures in `feature-vis` by their names; an absent folder holds none."""
    root = data / "feature-vis"
    files: dict[PictureKey, Path] = {}
    strangers = []
    for kind in (*VISUALIZATIONS, EXAMPLES):
        for path in _list_visible(root / kind):
            key = _parse_name(path.name, kind, network)
            if key is None or key in files or not path.is_file():
                strangers.append(f"{kind}/{path.name}")
            else:
                files[key] = path
    folders = [p.name for p in _list_visible(root) if p.name not in (*VISUALIZATIONS, EXAMPLES)]
    return Pictures(dict(sorted(files.items())), strangers, folders)


def _list_visible(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if not p.name.startswith(".")) if folder.is_dir() else []


def _parse_name(name: str, kind: str, network: Network) -> PictureKey | None:
    """Parses a name such as `mixed3a-101-channel.jpg` or `mixed3a-101-dataset-p-7.jpg`; None for any other."""
    match = _NAME.fullmatch(name)
    if match is None or match["layer"] not in network.indices:
        return None
    layer, channel = network.indices[match["layer"]], int(match["channel"])
    if channel >= network.layers[layer].n_channels:
        return None
    if kind != EXAMPLES:
        return PictureKey(layer, channel, kind) if match["kind"] == kind else None
    stem, _, rank = match["kind"].rpartition("-")
    return PictureKey(layer, channel, kind, int(rank)) if stem == kind and rank.isdecimal() else None


def write_pictures(
    run: Path, pictures: Pictures, encoding: Encoding, progress: Progress, network: Network = SUMMITS
) -> dict[str, str]:
    """Writes the tables feature_visualizations and dataset_examples; a table without pictures is not written.

    Returns:
        The reason for every picture that could not be read, by its path.
    """
    visualizations = [key for key in pictures.files if key.kind != EXAMPLES]
    examples = [key for key in pictures.files if key.kind == EXAMPLES]
    unreadable: dict[str, str] = {}
    with (
        ThreadPoolExecutor(encoding.workers, thread_name_prefix="picture") as pool,
        progress.open_stage("Pictures", total=len(pictures.files), unit="pictures") as advance,
    ):

        def encode_all(keys: Sequence[PictureKey], config: ExampleConfig) -> Iterator[tuple[PictureKey, bytes]]:
            for start in range(0, len(keys), _AT_ONCE):  # an interruption waits for the pictures already submitted
                some = keys[start : start + _AT_ONCE]
                results = pool.map(lambda key: _encode(pictures.files[key], config), some)
                for key, result in zip(some, results, strict=True):
                    if isinstance(result, bytes):
                        yield key, result
                    else:
                        unreadable[str(pictures.files[key])] = str(result)
                    advance(1)

        if visualizations:
            with TableWriter(run, "feature_visualizations") as writer:
                for group in _group_by_channel(encode_all(visualizations, encoding.visualizations)):
                    writer.write(_build_visualization_rows(group, network))
        if examples:
            with TableWriter(run, "dataset_examples") as writer:
                for group in _group_by_channel(encode_all(examples, encoding.examples)):
                    writer.write(_build_example_rows(group, network))
    return unreadable


def _encode(path: Path, config: ExampleConfig) -> bytes | UnreadableImage:
    try:
        return encode_crop(decode(path), config)
    except UnreadableImage as problem:
        return problem


def _group_by_channel(rows: Iterable[tuple[PictureKey, bytes]]) -> Iterator[list[tuple[PictureKey, bytes]]]:
    """Groups rows by about a thousand, with whole channels of one layer; a reader opens one group for a channel."""
    group: list[tuple[PictureKey, bytes]] = []
    for row in rows:
        if group and _is_complete(group, row[0]):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _is_complete(group: Sequence[tuple[PictureKey, bytes]], following: PictureKey) -> bool:
    last = group[-1][0]
    is_next_channel = last[:2] != following[:2]
    return last.layer != following.layer or (is_next_channel and len(group) >= _ROWS_PER_GROUP)


def _build_channel_columns(group: Sequence[tuple[PictureKey, bytes]], network: Network) -> dict[str, list[object]]:
    return {
        "layer": [network.layers[key.layer].layer for key, _ in group],
        "channel": [key.channel for key, _ in group],
        "image": [image for _, image in group],
    }


def _build_visualization_rows(group: Sequence[tuple[PictureKey, bytes]], network: Network) -> dict[str, list[object]]:
    unknown = ("objective_value", "n_steps", "initial_objective_value")
    kinds: list[object] = [key.kind for key, _ in group]
    return {**_build_channel_columns(group, network), "kind": kinds, **{name: [None] * len(group) for name in unknown}}


def _build_example_rows(group: Sequence[tuple[PictureKey, bytes]], network: Network) -> dict[str, list[object]]:
    unknown = ("image_id", "activation", "x0", "y0", "x1", "y1")
    ranks: list[object] = [key.rank for key, _ in group]
    owner: list[object] = [ALL_CLASSES] * len(group)
    return {
        **_build_channel_columns(group, network),
        "class_id": owner,
        "rank": ranks,
        **{name: [None] * len(group) for name in unknown},
    }
