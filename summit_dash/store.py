"""The only reader of a run's tables. Answers questions; keeps in memory what is small or asked for again."""

from __future__ import annotations

import hashlib
import math
import threading
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from precompute.schema import ALL_CLASSES, MANIFEST, InputError, read_manifest, read_table, table_path
from summit_dash.cache import Remembered
from summit_dash.graphs import Channel, Edge, Graph, Node
from summit_dash.measures import Link, read_links

__all__ = ["ClassInfo", "Example", "InputError", "LayerInfo", "RunStore", "Thumbnail", "Use"]

T = TypeVar("T")


class ClassInfo(NamedTuple):
    """One class of the dataset; accuracies and histogram are None where the labels are not the model's outputs.

    `group` names its super-class, or is None.
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

    @property
    def other_names(self) -> str:
        """What follows the first name."""
        return self.class_name.partition(",")[2].strip()


class LayerInfo(NamedTuple):
    """One recorded layer."""

    layer: str
    layer_index: int
    n_channels: int
    receptive_field: int


class Use(NamedTuple):
    """How many of a class's images use a channel."""

    class_id: int
    activation_count: int
    n_images: int

    @property
    def fraction(self) -> float:
        return self.activation_count / self.n_images if self.n_images else 0.0


class Example(NamedTuple):
    """A dataset example of a channel, without its picture; an imported run may not tell image and activation."""

    class_id: int
    rank: int
    image_id: int | None
    activation: float | None


class Thumbnail(NamedTuple):
    """The address of a channel's picture, and whether it is an example in place of a feature visualization."""

    url: str | None
    is_example: bool


class RunStore:
    """One run, opened for reading.

    Raises:
        InputError: the folder is no run, or its tables of classes and layers are missing.
    """

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        self.path = Path(path).resolve()
        self.manifest = read_manifest(self.path)
        self.name = name or str(self.manifest.get("run_name") or self.path.name)
        self._lock = threading.RLock()
        self._cached: dict[str, Any] = {}
        self.classes: Mapping[int, ClassInfo] = self._read_classes()
        self.layers: Mapping[str, LayerInfo] = self._read_layers()
        self.class_influences = Remembered(self._class_influences, 16)
        self._layer_visualizations = Remembered(self._read_visualizations, 32)
        self._layer_best_examples = Remembered(self._read_best_examples, 32)
        self._channel_examples = Remembered(self._read_examples, 64)
        self.graph = Remembered(self._read_graph, 256)

    # --- what the run is --------------------------------------------------------------------------------------------

    @cached_property
    def version(self) -> str:
        """Changes when the run is made anew; part of picture addresses, so that browsers may keep them for good."""
        stat = (self.path / MANIFEST).stat()
        text = f"{self.manifest.get('created')}-{stat.st_mtime_ns}-{stat.st_size}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def model_name(self) -> str:
        return str(self.manifest.get("model", {}).get("name", "unnamed model"))

    @property
    def dataset_name(self) -> str:
        return str(self.manifest.get("dataset", {}).get("name", "unnamed dataset"))

    @property
    def n_images(self) -> int:
        found = self.manifest.get("dataset", {}).get("n_images")
        return int(found) if found is not None else sum(c.n_images for c in self.classes.values())

    @property
    def layer_names(self) -> list[str]:
        """The layers in order from the input."""
        return list(self.layers)

    def has(self, table: str) -> bool:
        """Whether the stage that writes the table has run."""
        return table_path(self.path, table).is_file()

    @cached_property
    def has_accuracy(self) -> bool:
        """Whether any class has an accuracy: the labels are the model's outputs."""
        return any(info.top1_accuracy is not None for info in self.classes.values())

    @cached_property
    def links(self) -> Mapping[str, Link]:
        """By target layer, how influences on it were measured; empty where the run does not tell."""
        return read_links(self.manifest, self.layer_names)

    def links_on(self, targets: Container[str]) -> list[Link]:
        """How the influences on these layers were measured, in order from the input."""
        return [self.links[layer] for layer in self.layers if layer in targets and layer in self.links]

    def row_of(self, class_id: int) -> int:
        """The row of a class in the matrices of `counts`."""
        return self._rows[class_id]

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {class_id: row for row, class_id in enumerate(self.classes)}

    def _read_classes(self) -> dict[int, ClassInfo]:
        columns = [*ClassInfo._fields]
        rows = read_table(self.path, "classes", columns).to_pylist()
        infos = [_clean(ClassInfo(**row)) for row in rows]
        return {info.class_id: info for info in sorted(infos, key=lambda info: info.class_id)}

    def _read_layers(self) -> dict[str, LayerInfo]:
        rows = read_table(self.path, "layers", [*LayerInfo._fields]).to_pylist()
        return {row["layer"]: LayerInfo(**row) for row in sorted(rows, key=lambda row: row["layer_index"])}

    # --- activations ------------------------------------------------------------------------------------------------

    def counts(self, layer: str) -> NDArray[np.int32]:
        """`activation_count` of a layer, (class, channel); read once for all layers (22 MB at 1,000 classes)."""
        matrices: dict[str, NDArray[np.int32]] = self._once("counts", self._read_counts)
        return matrices[layer]

    def _read_counts(self) -> dict[str, NDArray[np.int32]]:
        shape = len(self.classes)
        result = {i.layer: np.zeros((shape, i.n_channels), np.int32) for i in self.layers.values()}
        table = read_table(self.path, "activations", ["class_id", "layer", "channel", "activation_count"])
        class_ids = np.fromiter(self.classes, np.int64, shape)
        for batch in table.to_batches():
            rows = np.searchsorted(class_ids, batch["class_id"].to_numpy())
            channels, counts = batch["channel"].to_numpy(), batch["activation_count"].to_numpy()
            codes = batch["layer"].indices.to_numpy()
            for code, layer in enumerate(batch["layer"].dictionary.to_pylist()):
                here = codes == code
                result[layer][rows[here], channels[here]] = counts[here]
        return result

    def counts_of_both(self, a: int, b: int) -> dict[str, tuple[NDArray[np.int32], NDArray[np.int32]]]:
        """The rows of two classes in every layer's counts; empty where the run holds no activations."""
        if not self.has("activations"):
            return {}
        rows = self.row_of(a), self.row_of(b)
        return {layer: (self.counts(layer)[rows[0]], self.counts(layer)[rows[1]]) for layer in self.layers}

    def uses(self, at: Channel) -> list[Use]:
        """The classes that use a channel, greatest share of their images first."""
        column = self.counts(at.layer)[:, at.channel]
        rows = zip(self.classes.values(), column.tolist(), strict=True)
        uses = [Use(info.class_id, count, info.n_images) for info, count in rows if count]
        return sorted(uses, key=lambda use: (-use.fraction, use.class_id))

    # --- attribution graphs -----------------------------------------------------------------------------------------

    def _read_graph(self, class_id: int) -> Graph:
        """The attribution graph of a class."""
        mine = pc.field("class_id") == class_id
        nodes = read_table(self.path, "attribution_graph_nodes", filters=mine).to_pylist()
        edges = read_table(self.path, "attribution_graph_edges", filters=mine).to_pylist()
        return Graph(
            self.layer_names,
            [Node(Channel(n["layer"], n["channel"]), n["activation_count"], n["pagerank_score"]) for n in nodes],
            [_edge(row) for row in edges],
        )

    def n_graphs_with(self, at: Channel) -> int:
        """Classes whose attribution graph holds the channel."""
        return int(self._once("graph_use", self._count_graph_use).get(at, 0))

    def _count_graph_use(self) -> Counter[Channel]:
        table = read_table(self.path, "attribution_graph_nodes", ["layer", "channel"])
        pairs = zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True)
        return Counter(Channel(layer, channel) for layer, channel in pairs)

    # --- influences -------------------------------------------------------------------------------------------------

    def _class_influences(self, class_id: int) -> pa.Table:
        """All influences of one class: its row groups and nothing else."""
        columns = ["target_layer", "target_channel", "source_layer", "source_channel", "influence_count"]
        filters = pc.field("class_id") == class_id
        return read_table(self.path, "influences", [*columns, "mean_influence"], filters).unify_dictionaries()

    def sources(self, class_id: int, at: Channel, n: int) -> list[Edge]:
        """The `n` strongest influences on a channel, also from channels outside the graph."""
        return self._influences(class_id, at, "target", n)

    def targets(self, class_id: int, at: Channel, n: int) -> list[Edge]:
        """The `n` strongest influences of a channel."""
        return self._influences(class_id, at, "source", n)

    def _influences(self, class_id: int, at: Channel, end: str, n: int) -> list[Edge]:
        table = self.class_influences(class_id)
        mine = (pc.field(f"{end}_layer") == at.layer) & (pc.field(f"{end}_channel") == at.channel)
        order = [("influence_count", "descending"), ("mean_influence", "descending")]
        return [_edge(row) for row in table.filter(mine).sort_by(order).slice(0, n).to_pylist()]

    # --- embedding --------------------------------------------------------------------------------------------------

    def embedding(self, layer: str) -> dict[int, tuple[float, float]]:
        """The point of every class at a layer."""
        rows = read_table(self.path, "embeddings", filters=pc.field("layer") == layer).to_pylist()
        return {row["class_id"]: (row["x"], row["y"]) for row in rows if row["class_id"] in self.classes}

    # --- pictures ---------------------------------------------------------------------------------------------------

    def thumbnail(self, at: Channel, prefix: str = "/") -> Thumbnail:
        """The picture that stands for a channel: its feature visualization, else its best dataset example."""
        if at in self._visualized:
            return Thumbnail(
                f"{prefix}run/{self.name}/visualization/{at.layer}/{at.channel}.webp?v={self.version}", False
            )
        if self.has("dataset_examples"):
            return Thumbnail(self.example_url(at, ALL_CLASSES, 0, prefix), True)
        return Thumbnail(None, True)

    def example_url(self, at: Channel, class_id: int, rank: int, prefix: str = "/") -> str:
        """The address of a dataset example; `class_id` -1 for the examples over all classes."""
        owner = "all" if class_id == ALL_CLASSES else str(class_id)
        return f"{prefix}run/{self.name}/example/{at.layer}/{at.channel}/{owner}/{rank}.webp?v={self.version}"

    def visualization(self, at: Channel) -> bytes | None:
        """The feature visualization of a channel as WebP."""
        return self._layer_visualizations(at.layer).get(at.channel)

    def picture(self, at: Channel) -> bytes | None:
        """The picture that `thumbnail` names, as WebP."""
        if at in self._visualized:
            return self.visualization(at)
        return self.example(at, ALL_CLASSES, 0) if self.has("dataset_examples") else None

    def example(self, at: Channel, class_id: int, rank: int) -> bytes | None:
        """A dataset example as WebP. The best one over all classes comes from a cache by layer: thumbnails use it."""
        if class_id == ALL_CLASSES and rank == 0 and at not in self._visualized:
            return self._layer_best_examples(at.layer).get(at.channel)
        return self._channel_examples(at)[1].get((class_id, rank))

    def examples(self, at: Channel, class_id: int = ALL_CLASSES) -> list[Example]:
        """The dataset examples of a channel, strongest first."""
        return [example for example in self._channel_examples(at)[0] if example.class_id == class_id]

    @cached_property
    def _visualized(self) -> frozenset[Channel]:
        if not self.has("feature_visualizations"):
            return frozenset()
        kind = pc.field("kind") == "channel"
        table = read_table(self.path, "feature_visualizations", ["layer", "channel"], kind)
        pairs = zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True)
        return frozenset(Channel(layer, channel) for layer, channel in pairs)

    def _read_visualizations(self, layer: str) -> dict[int, bytes]:
        if not self.has("feature_visualizations"):
            return {}
        mine = (pc.field("layer") == layer) & (pc.field("kind") == "channel")
        return _pictures(read_table(self.path, "feature_visualizations", ["channel", "image"], mine))

    def _read_best_examples(self, layer: str) -> dict[int, bytes]:
        best = (pc.field("layer") == layer) & (pc.field("class_id") == ALL_CLASSES) & (pc.field("rank") == 0)
        return _pictures(read_table(self.path, "dataset_examples", ["channel", "image"], best))

    def _read_examples(self, at: Channel) -> tuple[list[Example], dict[tuple[int, int], bytes]]:
        if not self.has("dataset_examples"):
            return [], {}
        mine = (pc.field("layer") == at.layer) & (pc.field("channel") == at.channel)
        rows = read_table(self.path, "dataset_examples", [*Example._fields, "image"], mine).to_pylist()
        pictures = {(row["class_id"], row["rank"]): row.pop("image") for row in rows}
        return sorted((Example(**row) for row in rows), key=lambda e: (e.class_id, e.rank)), pictures

    # --- caches -----------------------------------------------------------------------------------------------------

    def _once(self, name: str, read: Callable[[], T]) -> T:
        """What `read` returns, read once however many requests ask at the same time."""
        with self._lock:
            if name not in self._cached:
                self._cached[name] = read()
            result: T = self._cached[name]
            return result

    def warm(self) -> None:
        """Reads what every visitor needs, so that the first does not wait for it."""
        if self.has("activations"):
            self.counts(next(iter(self.layers)))
        for layer in self.layers:
            self._layer_visualizations(layer)


def _clean(info: ClassInfo) -> ClassInfo:
    """A class without numbers that are none: what is not a number becomes None, an empty group no group."""
    top1, top5 = (None if a is None or math.isnan(a) else a for a in (info.top1_accuracy, info.top5_accuracy))
    return info._replace(top1_accuracy=top1, top5_accuracy=top5, group=(info.group or "").strip() or None)


def _edge(row: Mapping[str, Any]) -> Edge:
    return Edge(
        source=Channel(row["source_layer"], row["source_channel"]),
        target=Channel(row["target_layer"], row["target_channel"]),
        influence_count=row["influence_count"],
        mean_influence=row["mean_influence"],
    )


def _pictures(table: pa.Table) -> dict[int, bytes]:
    return dict(zip(table["channel"].to_pylist(), table["image"].to_pylist(), strict=True))
