"""The pictures of a run: feature visualizations, dataset examples, prototypes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.schema import ALL_CLASSES, MANIFEST, locate_table, read_manifest, read_table
from summit_dash.run.cache import Remembered
from summit_dash.run.examples import Example, RunExamples
from summit_dash.run.graphs import Channel

__all__ = ["PictureCounts", "PictureKind", "Prototype", "RunPictures", "Stamp", "read_stamp"]

Stamp = tuple[tuple[int, int] | None, ...]
"""Time and size of the manifest, which names dead channels and settings, and of the tables with pictures."""

_MOST_BYTES = 4_000_000
"""Memory for the feature visualizations of further kinds, which are read channel by channel."""
_TABLES = ("feature_visualizations", "dataset_examples", "example_images", "prototypes")


class Prototype(NamedTuple):
    """A prototype of a class.

    `image` is WebP, log-probabilities are natural, and `settings` is a key of `prototype_settings`.
    """

    method: str
    image: bytes
    log_probability: float
    initial_log_probability: float
    n_steps: int
    settings: str


class PictureCounts(NamedTuple):
    """Counts of the feature visualizations of a layer.

    Attributes:
        n_pictures: channels with a picture.
        n_compared: pictures that state how strongly they excite their channel.
        n_beating_best_example: pictures that excite it more than any image of the run.
        n_dead: channels without a picture, because their objective never rose above its start.
    """

    n_pictures: int
    n_compared: int
    n_beating_best_example: int
    n_dead: int


class PictureKind(IntEnum):
    """The kind of picture that a channel is shown by; payloads send the number."""

    NONE = 0
    VISUALIZATION = 1
    EXAMPLE = 2


def read_stamp(run: Path) -> Stamp:
    """Reads the time and size of the files with pictures, which change when a run gets pictures."""
    return tuple(_read_file_stamp(path) for path in (run / MANIFEST, *(locate_table(run, name) for name in _TABLES)))


class RunPictures:
    """The pictures of a run; those used last stay in memory.

    They are outdated once `read_stamp` differs from `stamp`.

    Args:
        path: the run's directory.
    """

    def __init__(self, path: Path) -> None:
        self.stamp = read_stamp(path)
        self._path = path
        self._facts: Mapping[str, Any] = read_manifest(path)
        self.kept_examples = RunExamples(path)
        self._tables = frozenset(name for name in _TABLES if locate_table(path, name).is_file())
        self._layer_visualizations = Remembered(self._read_visualizations, 32)
        self._other_visualizations = Remembered(self._read_other_visualizations, _MOST_BYTES, _measure)

    def get_picture_kind(self, channel: Channel) -> PictureKind:
        """Returns the kind of a channel's picture: feature visualization, else best example over all classes."""
        if self.is_visualized(channel):
            return PictureKind.VISUALIZATION
        return PictureKind.EXAMPLE if self.kept_examples.has_table else PictureKind.NONE

    def read_visualization(self, channel: Channel, kind: str = "channel") -> bytes | None:
        """Returns a feature visualization of a channel as WebP; None where there is none of that kind."""
        if kind == "channel":
            return self._layer_visualizations(channel.layer).get(channel.channel)
        return self._other_visualizations(channel).get(kind)

    def _read_other_visualizations(self, channel: Channel) -> dict[str, bytes]:
        """Reads the feature visualizations of a channel by kind."""
        if not self._excitations.get(channel):
            return {}
        mine = (pc.field("layer") == channel.layer) & (pc.field("channel") == channel.channel)
        table = read_table(self._path, "feature_visualizations", ["kind", "image"], mine)
        return dict(zip(table["kind"].to_pylist(), table["image"].to_pylist(), strict=True))

    def read_picture(self, channel: Channel) -> bytes | None:
        """Returns the picture of the kind that `picture_kind` returns, as WebP."""
        if self.is_visualized(channel):
            return self.read_visualization(channel)
        return self.kept_examples.read_best_picture(channel)

    def read_example(self, channel: Channel, class_id: int, rank: int) -> bytes | None:
        """Returns a dataset example as WebP; None where there is no such example."""
        if class_id == ALL_CLASSES and rank == 0 and not self.is_visualized(channel):
            return self.kept_examples.read_best_picture(channel)
        return self.kept_examples.read_picture(channel, class_id, rank)

    def list_examples(self, channel: Channel, class_id: int = ALL_CLASSES) -> list[Example]:
        """Returns the dataset examples of a channel, strongest first."""
        return self.kept_examples.list_examples(channel, class_id)

    def is_visualized(self, channel: Channel) -> bool:
        """Returns True where the run holds a feature visualization of the channel."""
        return "channel" in self._excitations.get(channel, {})

    def list_visualization_kinds(self, channel: Channel) -> list[str]:
        """Returns the kinds of feature visualization that the run holds of a channel: "channel", "diversity-0", ..."""
        return sorted(self._excitations.get(channel, {}))

    @cached_property
    def all_visualization_kinds(self) -> list[str]:
        """The kinds of feature visualization that the run holds of any channel."""
        return sorted({kind for kinds in self._excitations.values() for kind in kinds})

    def read_excitation(self, channel: Channel) -> float | None:
        """Returns the activation that the feature visualization reaches, in multiples of that of the best image.

        None where it is unknown.
        """
        return self._excitations.get(channel, {}).get("channel")

    def is_found_dead(self, channel: Channel) -> bool:
        """Returns True where a feature visualization was tried, but its objective never rose above its start."""
        return channel in self._found_dead

    @cached_property
    def _found_dead(self) -> frozenset[Channel]:
        """The dead channels, without those that have a picture of other settings."""
        dead = (self._facts.get("visualizations") or {}).get("dead", ())
        channels = {Channel(layer, channel) for layer, channel, kind, *_ in dead if kind == "channel"}
        return frozenset(channel for channel in channels if not self.is_visualized(channel))

    def count_pictures(self, layer: str) -> PictureCounts:
        """Counts the feature visualizations of a layer.

        The table is counted, because the manifest of older runs holds no counts.
        """
        of_layer = [
            kinds for channel, kinds in self._excitations.items() if channel.layer == layer and "channel" in kinds
        ]
        compared = [excitation for kinds in of_layer if (excitation := kinds["channel"]) is not None]
        n_dead = sum(channel.layer == layer for channel in self._found_dead)
        return PictureCounts(len(of_layer), len(compared), sum(excitation > 1 for excitation in compared), n_dead)

    @cached_property
    def _excitations(self) -> Mapping[Channel, Mapping[str, float | None]]:
        """The excitation by channel and kind of every feature visualization; None in runs of earlier versions."""
        if "feature_visualizations" not in self._tables:
            return {}
        columns = ["layer", "channel", "kind"]
        if "excitation" in pq.read_schema(locate_table(self._path, "feature_visualizations")).names:
            columns.append("excitation")
        found: dict[Channel, dict[str, float | None]] = defaultdict(dict)
        for row in read_table(self._path, "feature_visualizations", columns).to_pylist():
            found[Channel(row["layer"], row["channel"])][row["kind"]] = row.get("excitation")
        return found

    def read_prototypes(self, class_id: int) -> Mapping[str, Prototype]:
        """Reads the prototypes of a class by method."""
        if "prototypes" not in self._tables:
            return {}
        table = read_table(self._path, "prototypes", Prototype._fields, pc.field("class_id") == class_id)
        return {row["method"]: Prototype(**row) for row in table.to_pylist()}

    @property
    def prototype_settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The settings of prototypes by their name."""
        found: Mapping[str, Mapping[str, Any]] = self._facts.get("prototypes", {}).get("settings", {})
        return found

    def _read_visualizations(self, layer: str) -> dict[int, bytes]:
        if "feature_visualizations" not in self._tables:
            return {}
        mine = (pc.field("layer") == layer) & (pc.field("kind") == "channel")
        return _read_pictures(read_table(self._path, "feature_visualizations", ["channel", "image"], mine))

    def warm(self, layer: str) -> None:
        """Reads the pictures of the channels of a layer into memory."""
        self._layer_visualizations(layer)
        self.kept_examples.warm(layer)

    def cut_ahead(self, layer: str, channels: Iterable[int]) -> None:
        """Cuts out the best examples of those channels of a layer that have no feature visualization."""
        self.kept_examples.cut_ahead(layer, (n for n in channels if not self.is_visualized(Channel(layer, n))))


def _read_file_stamp(path: Path) -> tuple[int, int] | None:
    """Reads the time and size of a file; None where there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_size


def _measure(pictures: Mapping[str, bytes]) -> int:
    return 200 + sum(100 + len(picture) for picture in pictures.values())


def _read_pictures(table: pa.Table) -> dict[int, bytes]:
    return dict(zip(table["channel"].to_pylist(), table["image"].to_pylist(), strict=True))
