"""Personalized PageRank over the channels of all layers, as networkx defines it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from precompute.contract.errors import InputError
from precompute.graphs.config import GraphConfig

__all__ = ["FloatArray", "Graph", "IntArray", "compute_pagerank", "compute_personalization"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Graph:
    """A graph of weighted edges between channels, numbered from 0 in order of layer and channel.

    Args:
        n_nodes: channels of all layers together.
        sources: the node nearer the input, of each edge, `(n_edges,)`.
        targets: the node nearer the output, of each edge, `(n_edges,)`.
        weights: influence counts, at least 0, `(n_edges,)`. Weights of repeated edges add up.
    """

    def __init__(self, n_nodes: int, sources: npt.ArrayLike, targets: npt.ArrayLike, weights: npt.ArrayLike) -> None:
        self.n_nodes = n_nodes
        self.sources: IntArray = np.asarray(sources, np.int64)
        self.targets: IntArray = np.asarray(targets, np.int64)
        self.weights: FloatArray = np.asarray(weights, np.float64)

    def list_steps(self, directed: bool) -> tuple[IntArray, IntArray, FloatArray]:
        """Returns start, end and weight of each step that PageRank's walk may take, `(n_steps,)` each.

        The directed walk steps from target to source, so that importance flows from the output back to the input.
        The undirected walk steps both ways; an edge from a node to itself is one step, as in networkx. If edges are
        in order of target and then source, the steps onto each node are in order of their start.
        """
        if directed:
            return self.targets, self.sources, self.weights
        back, forth, weights = self.sources, self.targets, self.weights
        is_loop = back == forth
        if is_loop.any():
            back, forth, weights = back[~is_loop], forth[~is_loop], weights[~is_loop]
        return (
            np.concatenate([back, self.targets]),
            np.concatenate([forth, self.sources]),
            np.concatenate([weights, self.weights]),
        )


def compute_personalization(activation_counts: npt.ArrayLike, layer_indices: npt.ArrayLike) -> FloatArray:
    """Computes the weights of the channels at which PageRank restarts (Hohman et al. 2020, section 6.3).

    A channel's weight is its activation count over the greatest count of its layer.

    Args:
        activation_counts: at least 0, `(n_nodes,)`.
        layer_indices: the layer of each node, `(n_nodes,)`.

    Returns:
        In [0, 1], `(n_nodes,)`, not yet normalised to sum 1. All weights of a layer whose greatest count is 0 are 0.
        All weights are 1 if all counts are 0.
    """
    counts, layers = np.asarray(activation_counts, np.float64), np.asarray(layer_indices, np.int64)
    if not counts.any():
        return np.ones_like(counts)
    greatest = np.zeros(layers.max() + 1)
    np.maximum.at(greatest, layers, counts)
    divisors = greatest[layers]
    return np.divide(counts, divisors, out=np.zeros_like(counts), where=divisors > 0)


def compute_pagerank(graph: Graph, restart: npt.ArrayLike, config: GraphConfig) -> FloatArray:
    """Computes personalized PageRank by power iteration from the uniform distribution, as `networkx.pagerank` does.

    A node without outgoing weight hands its score to the personalization. The iteration ends when the changes of the
    scores sum to less than `n_nodes * config.tolerance`.

    Args:
        graph: the channels and influences.
        restart: the personalization, at least 0 and somewhere positive, `(n_nodes,)`; normalised to sum 1 here.
        config: damping, tolerance, direction, greatest number of iterations.

    Returns:
        Scores that sum to 1, `(n_nodes,)`.

    Raises:
        InputError: no convergence within `config.max_iterations`, or the personalization is 0 or negative throughout.
    """
    n = graph.n_nodes
    if n == 0:
        return np.zeros(0)
    p = _normalise(np.asarray(restart, np.float64))
    transition, dangling = _build_transition(graph, config.directed)
    scores, moved = np.full(n, 1 / n), np.inf
    for _ in range(config.max_iterations):
        previous = scores
        lost = previous[dangling].sum()
        scores = config.damping * (transition @ previous + lost * p) + (1 - config.damping) * p
        moved = np.abs(scores - previous).sum()
        if moved < n * config.tolerance:
            return scores
    raise InputError(
        f"PageRank converges to {n * config.tolerance:.1e} (nodes times tolerance).",
        f"After {config.max_iterations} iterations it still moved by {moved:.1e}.",
        "Raise max_iterations or tolerance, or lower damping.",
    )


def _normalise(restart: FloatArray) -> FloatArray:
    total = restart.sum()
    if (restart < 0).any() or not total > 0:
        raise InputError(
            "The personalization of PageRank is at least 0 everywhere and positive somewhere.",
            f"It lies in [{restart.min()}, {restart.max()}].",
            "Use compute_personalization() of activation counts.",
        )
    return np.asarray(restart / total, np.float64)


def _build_transition(graph: Graph, directed: bool) -> tuple[sparse.csr_array, IntArray]:
    """Returns the matrix `(end, start)` of step probabilities, and the nodes without outgoing weight."""
    start, end, weights = graph.list_steps(directed)
    n = graph.n_nodes
    outgoing = np.bincount(start, weights, minlength=n)
    probabilities = outgoing[start].astype(np.float64, copy=False)  # without any edge numpy returns integers
    np.divide(weights, probabilities, out=probabilities, where=probabilities > 0)
    transition = sparse.csr_array((probabilities, (end, start)), shape=(n, n))
    return transition, np.flatnonzero(outgoing == 0)
