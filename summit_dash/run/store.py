"""The reader of a run's tables. It keeps in memory what is small or was used last."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_manifest, read_table
from precompute.contract.tables import EFFECT, PAGERANK
from summit_dash.run.best_classes import read_best_classes
from summit_dash.run.cache import Once, Remembered
from summit_dash.run.counts import read_counts
from summit_dash.run.facts import ChannelFacts, Use
from summit_dash.run.graphs import Channel, Edge, Graph, measure_graph, read_node
from summit_dash.run.influences import ClassInfluences, find_strongest
from summit_dash.run.measures import Link, read_links
from summit_dash.run.pictures import RunPictures, read_stamp
from summit_dash.run.similarity import compute_cosines, normalize_rows
from summit_dash.run.suggested_labels import Naming, Vocabulary, build_vocabulary

__all__ = [
    "ChannelFacts",
    "ClassInfo",
    "InputError",
    "LayerInfo",
    "RunStore",
    "Use",
    "compute_version",
]

T = TypeVar("T")
_MOST_BYTES = 4_000_000
"""Memory for each kind of what is read class by class: of GoogLeNet with 1,000 classes some 80 graphs, the cosines of
100 classes, and, in twice as much, the influences of 8. Who opens a class asks for each a few times within a second."""


class ClassInfo(NamedTuple):
    """One class of the dataset.

    Accuracies and histogram are None where the labels are not the model's outputs. `group` names the super-class, or is
    None.
    """

    class_id: int
    class_name: str
    synset: str | None
    n_images: int
    top1_accuracy: float | None
    top5_accuracy: float | None
    probability_histogram: Sequence[int] | None
    group: str | None = None

    @property
    def short_name(self) -> str:
        """The first of the names in "goldfish, Carassius auratus"."""
        return self.class_name.split(",")[0].strip()


class LayerInfo(NamedTuple):
    """One recorded layer."""

    layer: str
    layer_index: int
    n_channels: int
    receptive_field: int


def compute_version(run: Path, manifest: Mapping[str, Any]) -> str:
    """Computes a name of ten digits for a run as it is now: five for the run itself, then five for its pictures."""
    parts = (f"{manifest.get('created')}-{manifest.get('identity')}", str(read_stamp(run)))
    return "".join(hashlib.sha256(part.encode()).hexdigest()[:5] for part in parts)


class RunStore:
    """One run, opened for reading.

    Args:
        path: folder of the run.
        name: name in addresses; that of the manifest or of the folder where not given. Where several runs are open,
            `name_runs` names those that nobody named.
        only: ids of the classes to open, as if the others were not there.

    Raises:
        InputError: the folder is no run, or its tables of classes and layers are missing.
    """

    def __init__(self, path: str | Path, name: str | None = None, only: Collection[int] | None = None) -> None:
        self.kind = "run"
        self.path = Path(path).resolve()
        self._only = only
        self.manifest = read_manifest(self.path)
        self.given_name: str | None = name or self.manifest.get("run_name")
        self.name = self.given_name or self.path.name
        self._lock = threading.Lock()
        self._once = Once()
        self.classes: Mapping[int, ClassInfo] = self._read_classes()
        self.layers: Mapping[str, LayerInfo] = self._read_layers()
        self.class_influences = Remembered(ClassInfluences(self.path).read, _MOST_BYTES, lambda table: table.nbytes)
        self.graph = Remembered(self._read_graph, _MOST_BYTES, measure_graph)
        self.graph_by_effect = Remembered(self._read_graph_by_effect, _MOST_BYTES, measure_graph)
        self.cosines = Remembered(self._compute_cosines, _MOST_BYTES, _measure_arrays)
        self.pictures = RunPictures(self.path)

    # --- what the run is --------------------------------------------------------------------------------------------

    @property
    def version(self) -> str:
        """A name that changes when the run is made again or gets pictures; part of addresses that browsers cache."""
        return compute_version(self.path, self.manifest)

    def open_again(self) -> RunStore:
        """Opens the run as it is on disk now, with the same name and classes.

        Raises:
            InputError: the folder is no run any more.
        """
        found = RunStore(self.path, self.given_name, self._only)
        found.name = self.name
        return found

    def refresh(self) -> None:
        """Opens the pictures again where some were drawn or imported since."""
        if read_stamp(self.path) != self.pictures.stamp:
            with self._lock:
                if read_stamp(self.path) != self.pictures.stamp:
                    self.pictures = RunPictures(self.path)

    @property
    def model_name(self) -> str:
        """The name of the model in the manifest."""
        return str(self.manifest.get("model", {}).get("name", "unnamed model"))

    @property
    def dataset_name(self) -> str:
        """The name of the dataset in the manifest."""
        return str(self.manifest.get("dataset", {}).get("name", "unnamed dataset"))

    @property
    def n_images(self) -> int:
        """The number of images that the run was computed from."""
        found = self.manifest.get("dataset", {}).get("n_images")
        return int(found) if found is not None else sum(c.n_images for c in self.classes.values())

    @property
    def n_images_of_classes(self) -> int:
        """The number of images of the classes that are open; `n_images` where all are."""
        return self.n_images if self._only is None else sum(info.n_images for info in self.classes.values())

    @property
    def layer_names(self) -> list[str]:
        """The layers in order from the input."""
        return list(self.layers)

    def has(self, table: str) -> bool:
        """Returns True where the stage that writes the table has run."""
        return locate_table(self.path, table).is_file()

    @cached_property
    def has_accuracy(self) -> bool:
        """True where any class has an accuracy, which needs labels that are the model's outputs."""
        return any(info.top1_accuracy is not None for info in self.classes.values())

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the classes' names and groups."""
        return build_vocabulary({info.class_id: Naming(info.class_name, info.group) for info in self.classes.values()})

    @cached_property
    def links(self) -> Mapping[str, Link]:
        """The measure of the influences on each layer, by that layer; empty where the run does not state it."""
        return read_links(self.manifest, self.layer_names)

    def find_links(self, targets: Container[str]) -> list[Link]:
        """Returns the links that end in these layers, in order from the input."""
        return [self.links[layer] for layer in self.layers if layer in targets and layer in self.links]

    def find_row(self, class_id: int) -> int:
        """Returns the row of a class in the matrices of `counts`."""
        return self._rows[class_id]

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {class_id: row for row, class_id in enumerate(self.classes)}

    def _read_classes(self) -> dict[int, ClassInfo]:
        columns = [*ClassInfo._fields]
        rows = read_table(self.path, "classes", columns).to_pylist()
        infos = [_clean(ClassInfo(**row)) for row in rows if self._only is None or row["class_id"] in self._only]
        return {info.class_id: info for info in sorted(infos, key=lambda info: info.class_id)}

    def _read_layers(self) -> dict[str, LayerInfo]:
        rows = read_table(self.path, "layers", [*LayerInfo._fields]).to_pylist()
        return {row["layer"]: LayerInfo(**row) for row in sorted(rows, key=lambda row: row["layer_index"])}

    # --- activations ------------------------------------------------------------------------------------------------

    def read_counts(self, layer: str) -> NDArray[np.int32]:
        """Returns `activation_count` of a layer, (class, channel); read once for all (22 MB at 1,000 classes)."""
        sizes = {info.layer: info.n_channels for info in self.layers.values()}
        matrices = self.read_once("counts", lambda: read_counts(self.path, sizes, self.classes))
        return matrices[layer]

    def read_unit_counts(self, layer: str) -> NDArray[np.float32]:
        """Returns `counts` with rows of length 1, (class, channel): the product of two rows is their cosine.

        Each channel is in one piece of memory.
        """
        return self.read_once(f"units {layer}", lambda: np.asfortranarray(normalize_rows(self.read_counts(layer))))

    def _compute_cosines(self, row: int) -> dict[str, NDArray[np.floating]]:
        """Computes the cosines of the class in a row with every class, (class,), by layer."""
        return {layer: compute_cosines(self.read_unit_counts(layer), row) for layer in self.layers}

    def read_counts_of_both(self, a: int, b: int) -> dict[str, tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """Returns the counts of two classes by layer, (channel,) each; empty where the run holds no activations."""
        if not self.has("activations"):
            return {}
        rows = self.find_row(a), self.find_row(b)
        return {layer: (self.read_counts(layer)[rows[0]], self.read_counts(layer)[rows[1]]) for layer in self.layers}

    def read_uses(self, channel: Channel) -> list[Use]:
        """Returns the classes that use a channel, greatest share of their images first."""
        column = self.read_counts(channel.layer)[:, channel.channel]
        rows = zip(self.classes.values(), column.tolist(), strict=True)
        uses = [Use(info.class_id, count, info.n_images) for info, count in rows if count]
        return sorted(uses, key=lambda use: (-use.fraction, use.class_id))

    def read_channel_facts(self, layer: str) -> ChannelFacts:
        """Returns the facts of a layer's channels over the whole dataset; read once for all layers.

        Raises:
            InputError: the run has no table of channels.
        """
        facts: dict[str, ChannelFacts] = self.read_once("channel_facts", self._read_channel_facts)
        if self._only is None or not self.has("activations"):
            return facts[layer]
        return facts[layer]._replace(n_classes=(self.read_counts(layer) > 0).sum(axis=0))

    def _read_channel_facts(self) -> dict[str, ChannelFacts]:
        table = read_table(self.path, "channels", ["layer", "channel", *ChannelFacts._fields])
        layers = np.array(table["layer"].to_pylist(), dtype=object)
        columns = [table[name].to_numpy() for name in ("channel", *ChannelFacts._fields)]
        return {
            info.layer: _place_facts([c[layers == info.layer] for c in columns], info.n_channels)
            for info in self.layers.values()
        }

    # --- attribution graphs -----------------------------------------------------------------------------------------

    def _read_graph(self, class_id: int) -> Graph:
        """Reads the attribution graph of a class."""
        return self._read_selected_graph(class_id, PAGERANK)

    def _read_graph_by_effect(self, class_id: int) -> Graph:
        """Reads the graph of a class whose channels were chosen by effect; empty where there is none."""
        return self._read_selected_graph(class_id, EFFECT)

    @property
    def has_graphs_by_effect(self) -> bool:
        """True if some class has a graph whose channels were chosen by effect."""
        name = "attribution_graphs"
        return self.has(name) and self.read_once(
            "graphs by effect", lambda: read_table(self.path, name, ["class_id"], selection=EFFECT).num_rows > 0
        )

    def _read_selected_graph(self, class_id: int, selection: str) -> Graph:
        nodes = self._read_rows_of_class("attribution_graph_nodes", class_id, selection)
        edges = self._read_rows_of_class("attribution_graph_edges", class_id, selection)
        return Graph(
            self.layer_names,
            [read_node(row) for row in nodes],
            [_read_edge(row) for row in edges],
        )

    def _read_rows_of_class(self, name: str, class_id: int, selection: str) -> list[dict[str, Any]]:
        """Returns the rows of a class in a table sorted by class. The table is kept: some MB at 1,000 classes."""
        table: pa.Table = self.read_once(
            f"{name} {selection}", lambda: read_table(self.path, name, selection=selection).combine_chunks()
        )
        class_ids = table["class_id"].to_numpy()
        start, end = np.searchsorted(class_ids, [class_id, class_id + 1])
        rows: list[dict[str, Any]] = table.slice(start, end - start).to_pylist()
        return rows

    def count_graphs_with(self, channel: Channel) -> int:
        """Returns the number of classes whose attribution graph holds the channel."""
        return int(self.read_graph_uses(channel.layer)[channel.channel])

    def read_graph_uses(self, layer: str) -> NDArray[np.int64]:
        """Returns the number of classes whose graph holds each channel of a layer, (channel,); counted once."""
        uses: dict[str, NDArray[np.int64]] = self.read_once("graph_uses", self._count_graph_uses)
        return uses[layer]

    def _count_graph_uses(self) -> dict[str, NDArray[np.int64]]:
        mine = pc.field("class_id").isin(list(self.classes))
        table = read_table(self.path, "attribution_graph_nodes", ["layer", "channel"], mine)
        counted = table.unify_dictionaries().group_by(["layer", "channel"]).aggregate([([], "count_all")])
        uses = {info.layer: np.zeros(info.n_channels, np.int64) for info in self.layers.values()}
        for layer, channel, n in zip(*(counted[name].to_pylist() for name in _COUNTED), strict=True):
            uses[layer][channel] = n
        return uses

    # --- influences -------------------------------------------------------------------------------------------------

    def read_sources(self, class_id: int, channel: Channel, n: int) -> list[Edge]:
        """Returns the `n` strongest influences on a channel, also from channels outside the graph."""
        return find_strongest(self.class_influences(class_id), channel, "target", n)

    def read_targets(self, class_id: int, channel: Channel, n: int) -> list[Edge]:
        """Returns the `n` strongest influences of a channel on others."""
        return find_strongest(self.class_influences(class_id), channel, "source", n)

    # --- embedding --------------------------------------------------------------------------------------------------

    def read_embedding(self, layer: str) -> dict[int, tuple[float, float]]:
        """Reads the point of every class at a layer."""
        rows = read_table(self.path, "embeddings", filters=pc.field("layer") == layer).to_pylist()
        return {row["class_id"]: (row["x"], row["y"]) for row in rows if row["class_id"] in self.classes}

    def read_points(self, layer: str) -> NDArray[np.float64]:
        """Returns the points of a layer along the classes, (class, 2), NaN where there is none; read once for all."""
        points: dict[str, NDArray[np.float64]] = self.read_once("points", self._read_points)
        return points[layer]

    def _read_points(self) -> dict[str, NDArray[np.float64]]:
        nowhere = (np.nan, np.nan)
        found = {layer: self.read_embedding(layer) for layer in self.layers}
        return {name: np.array([points.get(c, nowhere) for c in self.classes]) for name, points in found.items()}

    # --- whose images excite a channel most -------------------------------------------------------------------------

    def read_best_classes(self, layer: str) -> NDArray[np.int64]:
        """Returns the rows in `counts` of the classes of each channel's best examples, (channel, rank).

        It is -1 where there is no example, or one whose class is unknown. Read once for all layers.
        """
        sizes = {info.layer: info.n_channels for info in self.layers.values()}
        return self.read_once("best_classes", lambda: read_best_classes(self.path, sizes, self._rows))[layer]

    # --- caches -----------------------------------------------------------------------------------------------------

    def read_once(self, name: str, read: Callable[[], T]) -> T:
        """Returns the result of `read`, which is called once however many requests ask at the same time."""
        return self._once.read(name, read)

    def warm(self) -> None:
        """Reads what every visitor needs, so that the first one does not wait."""
        for layer in self.layers if self.has("activations") else ():
            self.read_unit_counts(layer)
        for layer in reversed(self.layer_names):
            self.pictures.warm(layer)
        if self.has("attribution_graph_nodes"):
            for layer in reversed(self.layer_names):
                self.pictures.cut_ahead(layer, np.flatnonzero(self.read_graph_uses(layer)).tolist())


_COUNTED = ("layer", "channel", "count_all")


def _clean(info: ClassInfo) -> ClassInfo:
    """Replaces accuracies that are not numbers, and an empty group, by None."""
    top1, top5 = (None if a is None or math.isnan(a) else a for a in (info.top1_accuracy, info.top5_accuracy))
    return info._replace(top1_accuracy=top1, top5_accuracy=top5, group=(info.group or "").strip() or None)


def _place_facts(columns: Sequence[NDArray[Any]], n_channels: int) -> ChannelFacts:
    """Orders the columns by the first of them, the channel; channels that the table lacks get zeros."""
    channel, *values = columns
    placed = [np.zeros(n_channels, dtype=value.dtype) for value in values]
    for into, value in zip(placed, values, strict=True):
        into[channel] = value
    return ChannelFacts(*placed)


def _measure_arrays(arrays: Mapping[str, NDArray[Any]]) -> int:
    return sum(array.nbytes for array in arrays.values())


def _read_edge(row: Mapping[str, Any]) -> Edge:
    return Edge(
        source=Channel(row["source_layer"], row["source_channel"]),
        target=Channel(row["target_layer"], row["target_channel"]),
        influence_count=row["influence_count"],
        mean_influence=row["mean_influence"],
    )
