"""The tables of an imported run, written from graphs that were read and judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from precompute.contract.writing import write_table
from precompute.import_summit.judgement import Judged
from precompute.import_summit.metadata import ClassFacts, Point
from precompute.import_summit.network import SUMMITS, Network
from precompute.import_summit.published import FarEdge, Influence, PublishedGraph, PublishedNode

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

    def build_counts(self, network: Network = SUMMITS) -> dict[tuple[int, int], int]:
        """Builds the activation counts by `(layer, channel)`; a node's count goes before that of `imagenet.json`."""
        told = self.facts.counts.items()
        counts = {(network.indices[name], channel): n for name, listed in told for channel, n in listed.items()}
        return counts | {(node.layer, node.channel): node.activation_count for node in self.graph.nodes}


Columns = Mapping[str, Sequence[Any]]


def write_class_tables(run: Path, classes: Sequence[ImportedClass], network: Network = SUMMITS) -> None:
    """Writes all tables of classes, layers, activations, influences and graphs; `classes` are sorted by their ids."""
    write_table(run, "classes", _build_classes(classes))
    write_table(run, "layers", _build_layers(network))
    write_table(run, "activations", _build_columns(_ACTIVATIONS, _iterate_activation_rows(classes, network)))
    write_table(run, "influences", _build_columns(_EDGES, _iterate_influence_rows(classes, network)))
    write_table(run, "attribution_graph_nodes", _build_columns(_NODES, _iterate_node_rows(classes, network)))
    write_table(run, "attribution_graph_edges", _build_columns(_EDGES, _iterate_edge_rows(classes, network)))
    graphs = ((c.class_id, None, len(c.graph.nodes), c.graph.n_edges) for c in classes)
    write_table(run, "attribution_graphs", _build_columns(("class_id", "pagerank_mass", "n_nodes", "n_edges"), graphs))


def write_embeddings(run: Path, classes: Sequence[ImportedClass], network: Network = SUMMITS) -> None:
    """Writes Summit's own embedding, of which every class must have its points."""

    def list_rows() -> Iterator[tuple[Any, ...]]:
        for layer in network.layers:
            for known in classes:
                point: Point = known.facts.points[layer.file_name]
                yield layer.layer, known.class_id, *point

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
        "top5_accuracy": [c.facts.top5_accuracy for c in classes],
        "probability_histogram": [_find_histogram(c) for c in classes],
    }


def _find_histogram(known: ImportedClass) -> list[int] | None:
    histogram = known.facts.probability_histogram
    return list(histogram) if histogram and sum(histogram) == known.n_images else None


def _build_layers(network: Network) -> Columns:
    names = ("layer", "module_type", "n_channels", "height", "width", "stride", "receptive_field")
    columns = {name: [getattr(layer, name) for layer in network.layers] for name in names}
    return {**columns, "layer_index": list(range(len(network.layers)))}


def _iterate_activation_rows(classes: Sequence[ImportedClass], network: Network) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for (layer, channel), count in sorted(known.build_counts(network).items()):
            yield known.class_id, network.layers[layer].layer, channel, count, None


def _iterate_node_rows(classes: Sequence[ImportedClass], network: Network) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for node in known.graph.nodes:
            name = network.layers[node.layer].layer
            yield known.class_id, name, node.channel, node.activation_count, node.pagerank_score


def _iterate_edge_rows(classes: Sequence[ImportedClass], network: Network) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for node in known.graph.nodes:
            for source in _list_sources(node, node.edges):
                yield known.class_id, *_name_ends(node, source, network), source.influence_count, None


def _iterate_influence_rows(classes: Sequence[ImportedClass], network: Network) -> Iterator[tuple[Any, ...]]:
    for known in classes:
        for node in known.graph.nodes:
            for source in _list_sources(node, known.judged.influences[node.layer, node.channel]):
                yield known.class_id, *_name_ends(node, source, network), source.influence_count, None


def _list_sources(node: PublishedNode, before: Sequence[Influence]) -> list[FarEdge]:
    """Lists a node's sources sorted by layer and channel: those further down, then those of the layer before."""
    return [*node.far_edges, *(FarEdge(node.layer - 1, *influence) for influence in before)]


def _name_ends(node: PublishedNode, source: FarEdge, network: Network) -> tuple[str, int, str, int]:
    return network.layers[node.layer].layer, node.channel, network.layers[source.layer].layer, source.channel
