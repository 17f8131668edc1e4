"""The selection of the channels and influences of a class's attribution graph, by their scores and edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from precompute.graphs.config import GraphConfig
from precompute.graphs.pagerank import FloatArray, Graph, IntArray

__all__ = ["Selection", "list_masses", "select"]


@dataclass(frozen=True)
class Selection:
    """The kept part of a graph.

    Args:
        nodes: kept nodes, ascending, `(n_kept,)`.
        edges: positions, in the graph's own edge arrays, of the edges between kept nodes, ascending.
        pagerank_mass: the share of PageRank at which the selection stopped.
    """

    nodes: IntArray
    edges: IntArray
    pagerank_mass: float


def select(graph: Graph, layer_indices: npt.ArrayLike, scores: FloatArray, config: GraphConfig) -> Selection:
    """Keeps the channels of highest score until they connect every layer to one before (Hohman et al. 2020, 6.3).

    Channels are taken by descending score, ties by layer and then channel, until their cumulated share over all
    layers together reaches a mass. The mass starts at `initial_mass` and is raised by `mass_step` until every layer
    above the first has a kept channel with a kept source. A layer that no mass up to 1 can connect (no influence
    leads to it, or only from channels without score) is left out of that condition, so the mass stops as soon as a
    greater one would connect nothing more.

    Masses are not tried one after another. Instead, the number of channels that connect a layer is computed: it is the
    rank, from 1, of the lower-ranked end of its best edge.

    Args:
        graph: nodes in order of layer and channel; only edges of positive weight count.
        layer_indices: the layer of each node, 0 at the input, `(n_nodes,)`.
        scores: personalized PageRank, at least 0, `(n_nodes,)`.
        config: the first mass and its step.
    """
    if graph.n_nodes == 0:
        return Selection(np.zeros(0, np.int64), np.zeros(0, np.int64), config.initial_mass)
    order = _sort_descending(scores)
    share = np.cumsum(scores[order])
    share /= share[-1]
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    needed = _count_needed(graph, np.asarray(layer_indices, np.int64), ranks)
    masses = list_masses(config)
    n_kept = np.searchsorted(share, masses) + 1
    stops = np.searchsorted(n_kept, needed)
    stop = stops[stops < len(masses)].max(initial=0)
    is_kept = ranks < n_kept[stop]
    is_kept_edge = is_kept[graph.sources] & is_kept[graph.targets] & (graph.weights > 0)
    return Selection(np.flatnonzero(is_kept), np.flatnonzero(is_kept_edge), float(masses[stop]))


def _sort_descending(scores: FloatArray) -> IntArray:
    """Returns the nodes by descending score, `(n_nodes,)`; ties by node, that is by layer and then channel."""
    return np.argsort(-scores, kind="stable")


def list_masses(config: GraphConfig) -> FloatArray:
    """Returns the masses that may be reached, ascending: the initial one plus whole steps, rounded, and 1."""
    n_steps = int(np.ceil((1 - config.initial_mass) / config.mass_step))
    masses = np.round(config.initial_mass + np.arange(n_steps + 1) * config.mass_step, 12)
    return np.unique(np.minimum(masses, 1.0))


def _count_needed(graph: Graph, layer_indices: IntArray, ranks: IntArray) -> IntArray:
    """Returns how many of the best channels connect each layer above the first, `(n_layers - 1,)`.

    The number is greater than `n_nodes` if nothing connects the layer.
    """
    never = graph.n_nodes + 1
    needed = np.full(layer_indices.max() + 1, never)
    sources, targets, counts = graph.sources, graph.targets, graph.weights > 0
    if not counts.all():
        sources, targets = sources[counts], targets[counts]
    np.minimum.at(needed, layer_indices[targets], np.maximum(ranks[sources], ranks[targets]) + 1)
    return needed[1:]
