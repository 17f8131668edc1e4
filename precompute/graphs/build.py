"""The stage `graphs`: an attribution graph per class from the tables `activations` and `influences`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from precompute.contract.class_reader import ClassReader
from precompute.contract.nodes import Nodes
from precompute.contract.progress import Progress, SilentProgress
from precompute.contract.schema import TABLES
from precompute.contract.tables import PAGERANK
from precompute.contract.writing import gather_rows, write_table
from precompute.graphs.config import GraphConfig
from precompute.graphs.pagerank import FloatArray, Graph, IntArray, compute_pagerank, compute_personalization
from precompute.graphs.selection import select

__all__ = ["ClassGraph", "GraphConfig", "build_class_graph", "build_graphs", "score_channels"]

_INFLUENCE_COLUMNS = (
    "target_layer",
    "target_channel",
    "source_layer",
    "source_channel",
    "influence_count",
    "mean_influence",
)


def build_graphs(
    run: Path,
    layers: Sequence[tuple[str, int]],
    class_ids: Collection[int],
    config: GraphConfig,
    *,
    excluded: Collection[tuple[str, int]] = (),
    progress: Progress | None = None,
) -> None:
    """Writes `attribution_graph_nodes`, `attribution_graph_edges` and `attribution_graphs` of a run.

    Reads one class at a time, so that memory does not grow with the number of classes. The tables appear when all
    classes are done.

    Args:
        run: the folder that holds `activations` and `influences`.
        layers: name and number of channels of each recorded layer, in order from the input.
        class_ids: the classes to make graphs of; in the tables they are sorted.
        config: settings of PageRank and of the selection.
        excluded: outlier channels, (layer, channel), taken out before PageRank with all their influences.
        progress: shows the number of classes that are done.

    Raises:
        InputError: a table is missing, damaged, or names layers or channels not in `layers`; PageRank did not converge.
    """
    nodes = Nodes(layers)
    is_included = np.ones(len(nodes), np.bool_)
    is_included[nodes.number_channels(excluded)] = False
    summaries: list[tuple[int, float, int, int]] = []
    with (
        ClassReader(run, "activations", ("layer", "channel", "activation_count")) as activations,
        ClassReader(run, "influences", _INFLUENCE_COLUMNS) as influences,
        gather_rows(run, "attribution_graph_nodes") as append_nodes,
        gather_rows(run, "attribution_graph_edges") as append_edges,
        (progress or SilentProgress()).open_stage(
            "Attribution graphs", total=len(class_ids), unit="classes"
        ) as advance,
    ):
        for class_id in sorted(class_ids):
            rows = influences.read(class_id)
            graph = build_class_graph(nodes, activations.read(class_id), rows, is_included, config)
            append_nodes(_to_node_rows(class_id, graph, nodes))
            append_edges(_to_edge_rows(class_id, graph, nodes, rows))
            summaries.append((class_id, graph.pagerank_mass, len(graph.nodes), len(graph.rows)))
            advance(1)
    columns = ("class_id", "pagerank_mass", "n_nodes", "n_edges")
    write_table(run, "attribution_graphs", {name: [row[i] for row in summaries] for i, name in enumerate(columns)})


@dataclass(frozen=True)
class ClassGraph:
    """The attribution graph of one class.

    Args:
        nodes: kept nodes, ascending, `(n_kept,)`.
        activation_counts: of the kept nodes, `(n_kept,)`.
        scores: PageRank of the kept nodes, `(n_kept,)`.
        rows: positions of the kept edges in the class's rows of `influences`, sorted by target and then source.
        pagerank_mass: the share of PageRank at which the selection stopped; 0 for a class without any count.
    """

    nodes: IntArray
    activation_counts: IntArray
    scores: FloatArray
    rows: IntArray
    pagerank_mass: float


def build_class_graph(
    nodes: Nodes,
    activations: pa.Table,
    influences: pa.Table,
    is_included: npt.NDArray[np.bool_],
    config: GraphConfig,
) -> ClassGraph:
    """Builds the attribution graph of one class. A class without any count (no readable image) has an empty one.

    Args:
        nodes: the numbering of the channels.
        activations: the class's rows of `activations`. A channel without a row counts 0.
        influences: the class's rows of `influences`. Every row is an edge.
        is_included: False for outlier channels, `(n_nodes,)`.
        config: settings of PageRank and of the selection.

    Raises:
        InputError: a row names a channel that `nodes` lacks, or PageRank did not converge.
    """
    scored = _score(nodes, activations, influences, is_included, config)
    if scored is None:
        nothing = np.zeros(0, np.int64)
        return ClassGraph(nothing, nothing, np.zeros(0), nothing, 0.0)
    graph, rows, included, counts, scores = scored
    layer_indices = nodes.layer_indices[included]
    sources = nodes.number_rows(influences, "source_layer", "source_channel")
    targets = nodes.number_rows(influences, "target_layer", "target_channel")
    kept = select(graph, layer_indices, scores, config)
    edges = rows[kept.edges]
    return ClassGraph(
        included[kept.nodes],
        counts[included][kept.nodes],
        scores[kept.nodes],
        edges[np.lexsort((sources[edges], targets[edges]))],
        kept.pagerank_mass,
    )


def score_channels(
    nodes: Nodes,
    activations: pa.Table,
    influences: pa.Table,
    is_included: npt.NDArray[np.bool_],
    config: GraphConfig,
) -> FloatArray:
    """Computes the personalized PageRank of all channels in the graph of one class, `(n_nodes,)`.

    Excluded channels, and all channels of a class without any count, score 0. The arguments are those of
    `build_class_graph`.

    Raises:
        InputError: a row names a channel that `nodes` lacks, or PageRank did not converge.
    """
    found = np.zeros(len(nodes))
    scored = _score(nodes, activations, influences, is_included, config)
    if scored is not None:
        found[scored.included] = scored.scores
    return found


class _Scored(NamedTuple):
    """The graph of the included channels with its scores.

    Attributes:
        graph: of the included nodes, numbered from 0.
        rows: the row of `influences` of each of its edges, `(n_edges,)`.
        included: the included nodes, `(n_included,)`.
        counts: activation counts of all nodes, `(n_nodes,)`.
        scores: of the included nodes, `(n_included,)`.
    """

    graph: Graph
    rows: IntArray
    included: IntArray
    counts: IntArray
    scores: FloatArray


def _score(
    nodes: Nodes,
    activations: pa.Table,
    influences: pa.Table,
    is_included: npt.NDArray[np.bool_],
    config: GraphConfig,
) -> _Scored | None:
    """Computes PageRank in the graph of one class; None for a class without any count."""
    counts = np.zeros(len(nodes), np.int64)
    counts[nodes.number_rows(activations, "layer", "channel")] = activations["activation_count"].to_numpy()
    sources = nodes.number_rows(influences, "source_layer", "source_channel")
    targets = nodes.number_rows(influences, "target_layer", "target_channel")
    if not counts[is_included].any() and not len(influences):
        return None
    included = np.flatnonzero(is_included)
    graph, rows = _build_included_graph(sources, targets, influences["influence_count"].to_numpy(), is_included)
    restart = compute_personalization(counts[included], nodes.layer_indices[included])
    return _Scored(graph, rows, included, counts, compute_pagerank(graph, restart, config))


def _build_included_graph(
    sources: IntArray, targets: IntArray, weights: npt.NDArray[np.int32], is_included: npt.NDArray[np.bool_]
) -> tuple[Graph, IntArray]:
    """Returns the graph of the included nodes, renumbered from 0, and the row of each of its edges, `(n_edges,)`."""
    if is_included.all():
        return Graph(len(is_included), sources, targets, weights), np.arange(len(sources))
    compact = np.cumsum(is_included) - 1
    rows = np.flatnonzero(is_included[sources] & is_included[targets])
    return Graph(int(is_included.sum()), compact[sources[rows]], compact[targets[rows]], weights[rows]), rows


def _to_node_rows(class_id: int, graph: ClassGraph, nodes: Nodes) -> pa.Table:
    layers, channels = nodes.name_nodes(graph.nodes)
    effects = pa.nulls(len(layers), pa.float32())  # measured by `faithfulness`
    selections = pa.repeat(PAGERANK, len(layers))
    ids = np.full(len(layers), class_id)
    columns = [ids, layers, channels, selections, graph.activation_counts, graph.scores, effects]
    return _to_table("attribution_graph_nodes", columns)


def _to_edge_rows(class_id: int, graph: ClassGraph, nodes: Nodes, influences: pa.Table) -> pa.Table:
    kept = influences.take(pa.array(graph.rows))
    target_layers, target_channels = nodes.name_nodes(nodes.number_rows(kept, "target_layer", "target_channel"))
    source_layers, source_channels = nodes.name_nodes(nodes.number_rows(kept, "source_layer", "source_channel"))
    columns = [
        np.full(len(kept), class_id),
        target_layers,
        target_channels,
        source_layers,
        source_channels,
        pa.repeat(PAGERANK, len(kept)),
        kept["influence_count"],
        kept["mean_influence"],
        pa.nulls(len(kept), pa.float32()),  # measured by `faithfulness`
    ]
    return _to_table("attribution_graph_edges", columns)


def _to_table(name: str, columns: Sequence[Any]) -> pa.Table:
    schema = TABLES[name].schema
    arrays = [
        column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)
