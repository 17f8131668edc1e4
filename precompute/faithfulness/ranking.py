"""The channels of a class's graph, and all channels of the class in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from precompute.contract.nodes import Nodes
from precompute.contract.schema import read_table
from precompute.graphs.build import score_channels
from precompute.graphs.config import GraphConfig

__all__ = ["Channels", "Ranking"]

_INFLUENCE = [
    *("target_layer", "target_channel", "source_layer", "source_channel"),
    *("influence_count", "mean_influence"),
]


@dataclass(frozen=True)
class Channels:
    """The channels of one class.

    Attributes:
        counts: activation counts of all channels, `(n_nodes,)`.
        scores: their PageRank, `(n_nodes,)`.
        influences: the class's rows of `influences`.
    """

    counts: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    influences: pa.Table


class Ranking:
    """The channels of a class's graph, and all channels of the class by PageRank.

    Args:
        run: the run's folder.
        nodes: the numbering of its channels.
        config: of the run's graphs.
        excluded: outlier channels that have no place in graphs.
    """

    def __init__(self, run: Path, nodes: Nodes, config: GraphConfig, excluded: Sequence[tuple[str, int]]) -> None:
        self._run, self._nodes, self._config = run, nodes, config
        self._is_included = np.ones(len(nodes), np.bool_)
        self._is_included[nodes.number_channels(excluded)] = False

    def count_kept(self, class_id: int) -> list[int]:
        """Counts the channels of a class's graph, per layer."""
        kept = self.list_kept(class_id)
        return np.bincount(self._nodes.layer_indices[kept], minlength=self.n_layers).tolist()

    def list_kept(self, class_id: int) -> npt.NDArray[np.int64]:
        """Lists the channels of a class's graph by their numbers, in order of the table."""
        return self._nodes.number_rows(
            self._read("attribution_graph_nodes", ["layer", "channel"], class_id), "layer", "channel"
        )

    def rank(self, class_id: int) -> list[npt.NDArray[np.int64]]:
        """Ranks the channels of each layer by PageRank in the class's graph, the greatest first, ties by number."""
        return self.split(self.read_channels(class_id).scores)

    def rank_by_effect(self, effects: npt.NDArray[np.float64]) -> list[npt.NDArray[np.int64]]:
        """Ranks the channels of each layer by effect, the greatest first; channels that have no place come last."""
        return self.split(np.where(self._is_included, effects, -np.inf))

    def read_channels(self, class_id: int) -> Channels:
        """Reads what is known of all channels of a class, and computes their scores."""
        activations = self._read("activations", ["layer", "channel", "activation_count"], class_id)
        influences = self._read("influences", _INFLUENCE, class_id)
        counts = np.zeros(len(self._nodes), np.int64)
        counts[self._nodes.number_rows(activations, "layer", "channel")] = activations["activation_count"].to_numpy()
        scores = score_channels(self._nodes, activations, influences, self._is_included, self._config)
        return Channels(counts, scores, influences)

    def list_edges(self, class_id: int) -> list[tuple[int, int]]:
        """Lists the edges of a class's graph as pairs of numbers, target then source."""
        return self.number_pairs(self._read("attribution_graph_edges", _INFLUENCE[:4], class_id))

    def number_pairs(self, rows: pa.Table) -> list[tuple[int, int]]:
        """Returns the numbers of the channels of rows of influences, target then source."""
        targets = self._nodes.number_rows(rows, "target_layer", "target_channel").tolist()
        return list(zip(targets, self._nodes.number_rows(rows, "source_layer", "source_channel").tolist(), strict=True))

    def locate(self, node: int) -> tuple[int, int]:
        """Returns the index of a channel's layer, and its number in the layer."""
        layer = int(self._nodes.layer_indices[node])
        return layer, node - int(self._nodes.starts[layer])

    @property
    def nodes(self) -> Nodes:
        """The numbering of the channels."""
        return self._nodes

    def choose(self, orders: Sequence[npt.NDArray[np.int64]], sizes: Sequence[int]) -> npt.NDArray[np.int64]:
        """Chooses the first channels of each layer's order, and returns their numbers, ascending."""
        starts = self._nodes.starts
        chosen = [starts[index] + order[:size] for index, (order, size) in enumerate(zip(orders, sizes, strict=True))]
        return np.sort(np.concatenate(chosen)).astype(np.int64)

    def _read(self, table: str, columns: list[str], class_id: int) -> pa.Table:
        """Reads rows of one class; row groups of other classes are passed over."""
        return read_table(self._run, table, columns, pc.field("class_id") == class_id)

    def split(self, scores: npt.NDArray[np.float64]) -> list[npt.NDArray[np.int64]]:
        """Ranks the channels of each layer by any scores, `(n_nodes,)`."""
        return [np.argsort(-part, kind="stable") for part in self.split_by_layer(scores)]

    def split_by_layer(self, values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
        """Splits numbers of all channels, `(n_nodes,)`, into those of each layer."""
        return np.split(values, self._nodes.starts[1:-1])

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        return len(self._nodes.starts) - 1
