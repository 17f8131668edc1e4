"""The proof's part in the graphs of a run: effects of channels and edges, and the graphs by effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from precompute.contract.atomic import NameFile
from precompute.contract.nodes import Nodes
from precompute.contract.schema import read_table
from precompute.contract.tables import EFFECT, PAGERANK, TABLES
from precompute.contract.writing import write_table
from precompute.faithfulness.ranking import Channels

__all__ = ["Proven", "write_graph_tables"]

_ENDS = ("target_layer", "target_channel", "source_layer", "source_channel")


@dataclass(frozen=True)
class Proven:
    """The measurements of one class.

    Attributes:
        effects: of all channels, `(n_nodes,)`.
        kept: numbers of the channels of the graph by effect, ascending.
        edges: measured edges `(edge, 2)`, numbers of target and source.
        edge_effects: of these, `(edge,)`; NaN where the target has no value above 0.
    """

    effects: NDArray[np.float64]
    kept: NDArray[np.int64]
    edges: NDArray[np.int64]
    edge_effects: NDArray[np.float64]

    def find_edge_effects(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> NDArray[np.float64]:
        """Finds the effects of some edges, `(edge,)`; NaN where one was not measured."""
        known = dict(zip(map(tuple, self.edges.tolist()), self.edge_effects.tolist(), strict=True))
        pairs = zip(targets.tolist(), sources.tolist(), strict=True)
        return np.array([known.get(pair, np.nan) for pair in pairs], np.float64)


def write_graph_tables(
    run: Path,
    nodes: Nodes,
    proven: Mapping[int, Proven],
    read_channels: Callable[[int], Channels],
    name_file: NameFile | None = None,
) -> None:
    """Sets effects of the graphs by PageRank, and writes the graphs by effect, of some classes; those of others stay.

    Args:
        run: the run's folder.
        nodes: the numbering of its channels.
        proven: by class.
        read_channels: returns counts, scores and influences of a class.
        name_file: as of `TableWriter`.
    """
    node_rows = _Rows(run, "attribution_graph_nodes", proven)
    edge_rows = _Rows(run, "attribution_graph_edges", proven)
    graph_rows = _Rows(run, "attribution_graphs", proven)
    for class_id, found in proven.items():
        _set_node_effects(node_rows, class_id, nodes, found)
        _set_edge_effects(edge_rows, class_id, nodes, found)
        channels = read_channels(class_id)
        edges = _choose_edges(channels, nodes, found)
        node_rows.add(_build_nodes(class_id, nodes, channels, found))
        edge_rows.add(_build_edges(class_id, edges, nodes, found))
        summary = {"class_id": [class_id], "selection": [EFFECT], "pagerank_mass": [None]}
        graph_rows.add({**summary, "n_nodes": [len(found.kept)], "n_edges": [len(edges)]})
    # The summary comes last: what it counts is there when it is read.
    for rows in (node_rows, edge_rows, graph_rows):
        rows.write(nodes, name_file)


class _Rows:
    """The rows of a table of graphs, without the graphs by effect of the classes that are written again."""

    def __init__(self, run: Path, name: str, class_ids: Mapping[int, Any]) -> None:
        self._run, self._name = run, name
        rows = read_table(run, name, selection=None)
        if "selection" not in rows.column_names:
            rows = rows.append_column("selection", pa.repeat(PAGERANK, len(rows)))
        again = pc.and_(
            pc.equal(rows["selection"], EFFECT),
            pc.is_in(rows["class_id"], value_set=pa.array(list(class_ids), pa.int32())),
        )
        rows = rows.filter(pc.invert(again))
        self.columns: dict[str, list[Any]] = {column: rows[column].to_pylist() for column in rows.column_names}
        for column in TABLES[name].columns:
            self.columns.setdefault(column.name, [None] * len(rows))
        self._starts: dict[int, list[int]] = {}
        for place, (class_id, selection) in enumerate(
            zip(self.columns["class_id"], self.columns["selection"], strict=True)
        ):
            if selection == PAGERANK:
                self._starts.setdefault(class_id, []).append(place)

    def find(self, class_id: int) -> list[int]:
        """Finds the rows of a class's graph by PageRank."""
        return self._starts.get(class_id, [])

    def take(self, places: list[int], columns: tuple[str, ...]) -> pa.Table:
        """Returns some columns of rows as a table."""
        return pa.table({name: [self.columns[name][place] for place in places] for name in columns})

    def add(self, rows: Mapping[str, Any]) -> None:
        """Adds rows; columns that they lack are null."""
        n_rows = len(rows["class_id"])
        for name, values in self.columns.items():
            values.extend(rows.get(name, [None] * n_rows))

    def write(self, nodes: Nodes, name_file: NameFile | None) -> None:
        """Writes the table, sorted by its key, layers from the input on."""
        spec = TABLES[self._name]
        order = {name: index for index, name in enumerate(nodes.layer_names)}
        keys = [
            [order.get(value, value) for value in self.columns[name]] if name.endswith("layer") else self.columns[name]
            for name in spec.key
        ]
        places = sorted(range(len(keys[0])), key=lambda place: tuple(key[place] for key in keys))
        sorted_columns = {column.name: [self.columns[column.name][i] for i in places] for column in spec.columns}
        write_table(self._run, self._name, sorted_columns, name_file)


def _set_node_effects(rows: _Rows, class_id: int, nodes: Nodes, found: Proven) -> None:
    places = rows.find(class_id)
    numbers = nodes.number_rows(rows.take(places, ("layer", "channel")), "layer", "channel")
    for place, number in zip(places, numbers.tolist(), strict=True):
        rows.columns["effect"][place] = float(found.effects[number])


def _set_edge_effects(rows: _Rows, class_id: int, nodes: Nodes, found: Proven) -> None:
    places = rows.find(class_id)
    table = rows.take(places, _ENDS)
    targets = nodes.number_rows(table, "target_layer", "target_channel")
    effects = found.find_edge_effects(targets, nodes.number_rows(table, "source_layer", "source_channel"))
    for place, effect in zip(places, effects.tolist(), strict=True):
        rows.columns["edge_effect"][place] = None if np.isnan(effect) else effect


def _choose_edges(channels: Channels, nodes: Nodes, found: Proven) -> pa.Table:
    """Chooses the influences between the channels of the graph by effect."""
    influences = channels.influences
    targets = nodes.number_rows(influences, "target_layer", "target_channel")
    sources = nodes.number_rows(influences, "source_layer", "source_channel")
    counted = influences["influence_count"].to_numpy() > 0
    return influences.filter(pa.array(np.isin(targets, found.kept) & np.isin(sources, found.kept) & counted))


def _build_nodes(class_id: int, nodes: Nodes, channels: Channels, found: Proven) -> dict[str, list[Any]]:
    layers, numbers = nodes.name_nodes(found.kept)
    n = len(found.kept)
    return {
        "class_id": [class_id] * n,
        "layer": layers.to_pylist(),
        "channel": numbers.tolist(),
        "selection": [EFFECT] * n,
        "activation_count": channels.counts[found.kept].tolist(),
        "pagerank_score": channels.scores[found.kept].tolist(),
        "effect": found.effects[found.kept].tolist(),
    }


def _build_edges(class_id: int, edges: pa.Table, nodes: Nodes, found: Proven) -> dict[str, list[Any]]:
    targets = nodes.number_rows(edges, "target_layer", "target_channel")
    effects = found.find_edge_effects(targets, nodes.number_rows(edges, "source_layer", "source_channel"))
    return {
        "class_id": [class_id] * len(edges),
        **{name: edges[name].to_pylist() for name in (*_ENDS, "influence_count", "mean_influence")},
        "selection": [EFFECT] * len(edges),
        "edge_effect": [None if np.isnan(effect) else effect for effect in effects.tolist()],
    }
