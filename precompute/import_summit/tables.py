"""The tables of an imported run, written from graphs that were read and judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from precompute.contract.writing import write_table
from precompute.import_summit.inception import INCEPTION, LAYERS
from precompute.import_summit.judgement import Judged
from precompute.import_summit.metadata import ClassFacts, Point
from precompute.import_summit.published import PublishedGraph

__all__ = ["ImportedClass", "write_class_tables", "write_embeddings"]


class ImportedClass(NamedTuple):
    """A class with all facts about it.

    Attributes:
        graph: as published.
        judged: the sound influences, and the faults.
        name: from the labels, from `imagenet.json`, or `class N`.
        synset: WordNet's identifier of the class; None if unknown.
        group: a super-class; None if unknown.
        n_images: number of its images; the greatest of all its counts if `imagenet.json` states none or fewer.
        facts: from `imagenet.json`.
    """

    graph: PublishedGraph
    judged: Judged
    name: str
    synset: str | None
    group: str | None
    n_images: int
    facts: ClassFacts

    @property
    def class_id(self) -> int:
        """The id of the class."""
        return self.graph.class_id

    def build_counts(self) -> dict[tuple[int, int], int]:
        """Builds the activation counts by `(layer, channel)`; a node's count goes before that of `imagenet.json`."""
        told = self.facts.counts.items()
        counts = {(LAYERS[name], channel): n for name, listed in told for channel, n in listed.items()}
        return counts | {(node.layer, node.channel): node.activation_count for node in self.graph.nodes}


Columns = Mapping[str, Sequence[Any]]


def write_class_tables(run: Path, classes: Sequence[ImportedClass]) -> None:
    """Writes all tables of classes, layers, activations, influences and graphs; `classes` are sorted by their ids."""
    write_table(run, "classes", _build_classes(classes))
    write_table(run, "layers", _build_layers())
    write_table(run, "activations", _build_columns(_ACTIVATIONS, _iterate_activation_rows(classes)))
    write_table(run, "influences", _build_columns(_EDGES, _iterate_influence_rows(classes)))
    write_table(run, "attribution_graph_nodes", _build_columns(_NODES, _iterate_node_rows(classes)))
    write_table(run, "attribution_graph_edges", _build_columns(_EDGES, _iterate_edge_rows(classes)))
    graphs = ((c.class_id, None, len(c.graph.nodes), c.graph.n_edges) for c in classes)
    write_table(run, "attribution_graphs", _build_columns(("class_id", "pagerank_mass", "n_nodes", "n_edges"), graphs))


def write_embeddings(run: Path, classes: Sequence[ImportedClass]) -> None:
    """Writes Summit's own embedding, of which every class must have its points."""

    def list_rows() -> Iterator[tuple[Any, ...]]:
        for layer in INCEPTION:
            for known in classes:
                point: Point = known.facts.points[layer.name]
                yield layer.name, known.class_id, *point

    write_table(run, "embeddings", _build_columns(("layer", "class_id", "x", "y"), list_rows()))


_ACTIVATIONS = ("class_id", "layer", "channel", "activation_count", "mean_activation")
_NODES = ("class_id", "layer", "channel", "activation_count", "pagerank_score")
_EDGES = (
    *("class_id", "target_layer", "target_channel", "source_layer", "source_channel"),
    *("influence_count", "mean_influence"),
)


def _build_columns(names: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> Columns:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return dict(zip(names, columns, strict=True))


def _build_classes(classes: Sequence[ImportedClass]) -> Columns:
    return {
        "class_id": [c.class_id for c in classes],
        "class_name": [c.name for c in classes],
        "synset": [c.synset for c in classes],
        "group": [c.group for c in classes],
        "n_images": [c.n_images for c in classes],
        "top1_accuracy": [c.facts.top1_accuracy for c in classes],
        "top5_accuracy": [None] * len(classes),
        "probability_histogram": [_find_histogram(c) for c in classes],
    }


def _find_histogram(known: ImportedClass) -> list[int] | None:
    histogram = known.facts.probability_histogram
    return histogram if histogram and sum(histogram) == known.n_images else None


def _build_layers() -> Columns:
    return {
        "layer": [layer.name for layer in INCEPTION],
        "layer_index": list(range(len(INCEPTION))),
        "module_type": ["inception module"] * len(INCEPTION),
        "n_channels": [layer.n_channels for layer in INCEPTION],
        "height": [layer.side for layer in INCEPTION],
        "width": [layer.side for layer in INCEPTION],
        "stride": [layer.stride for layer in INCEPTION],
        "receptive_field": [layer.receptive_field for layer in INCEPTION],
    }


def _iterate_activation_rows(classes: Sequence[ImportedClass]) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for (layer, channel), count in sorted(known.build_counts().items()):
            yield known.class_id, INCEPTION[layer].name, channel, count, None


def _iterate_node_rows(classes: Sequence[ImportedClass]) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for node in known.graph.nodes:
            name = INCEPTION[node.layer].name
            yield known.class_id, name, node.channel, node.activation_count, node.pagerank_score


def _iterate_edge_rows(classes: Sequence[ImportedClass]) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for node in known.graph.nodes:
            for edge in node.edges:
                yield (known.class_id, *_name_ends(node.layer, node.channel, edge.channel), edge.influence_count, None)


def _iterate_influence_rows(classes: Sequence[ImportedClass]) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for (layer, channel), influences in known.judged.influences.items():
            for influence in influences:
                yield (known.class_id, *_name_ends(layer, channel, influence.channel), influence.influence_count, None)


def _name_ends(layer: int, channel: int, source: int) -> tuple[str, int, str, int]:
    return INCEPTION[layer].name, channel, INCEPTION[layer - 1].name, source
