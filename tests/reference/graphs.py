"""Attribution graphs, slow and obvious: loops, sets and networkx. The fast ones must equal these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import networkx as nx

from precompute.graphs.config import GraphConfig

Edge = tuple[int, int, float]
"""Source node, target node, weight."""


def compute_reference_personalization(counts: Sequence[int], layer_indices: Sequence[int]) -> list[float]:
    """Divides each activation count by the greatest of its layer. All weights are 1 if there is no count."""
    if not any(counts):
        return [1.0] * len(counts)
    greatest = {
        layer: max(c for c, other in zip(counts, layer_indices, strict=True) if other == layer)
        for layer in layer_indices
    }
    return [c / greatest[layer] if greatest[layer] else 0.0 for c, layer in zip(counts, layer_indices, strict=True)]


def compute_reference_pagerank(
    n_nodes: int, edges: Sequence[Edge], restart: Sequence[float], config: GraphConfig
) -> list[float]:
    """Computes PageRank by networkx. The directed walk goes from target to source."""
    graph: nx.MultiGraph[int] = nx.MultiDiGraph() if config.directed else nx.MultiGraph()
    graph.add_nodes_from(range(n_nodes))
    for source, target, weight in edges:
        graph.add_edge(target, source, weight=weight)
    scores: Mapping[int, float] = nx.pagerank(
        graph,
        alpha=config.damping,
        personalization=dict(enumerate(restart)),
        max_iter=config.max_iterations,
        tol=config.tolerance,
    )
    return [scores[node] for node in range(n_nodes)]


def select_by_reference(
    layer_indices: Sequence[int], edges: Sequence[Edge], scores: Sequence[float], config: GraphConfig
) -> tuple[list[int], list[int], float]:
    """Tries mass after mass and counts the connected layers; returns kept nodes, indices of kept edges, and mass."""
    masses = [config.initial_mass]
    while masses[-1] < 1:
        masses.append(min(1.0, round(config.initial_mass + len(masses) * config.mass_step, 12)))
    kept_by_mass = [_keep_best(scores, mass) for mass in masses]
    most = max(len(_find_connected(layer_indices, edges, kept)) for kept in kept_by_mass)
    mass, kept = next(
        (m, k)
        for m, k in zip(masses, kept_by_mass, strict=True)
        if len(_find_connected(layer_indices, edges, k)) == most
    )
    kept_edges = [e for e, (s, t, weight) in enumerate(edges) if weight > 0 and s in kept and t in kept]
    return sorted(kept), kept_edges, mass


def _keep_best(scores: Sequence[float], mass: float) -> set[int]:
    """Returns the fewest nodes, best first, whose cumulated share reaches the mass."""
    order = sorted(range(len(scores)), key=lambda node: (-scores[node], node))
    total = list(accumulate(scores[node] for node in order))[-1]
    kept, reached = set[int](), 0.0
    for node in order:
        kept.add(node)
        reached += scores[node]
        if reached / total >= mass:
            break
    return kept


def _find_connected(layer_indices: Sequence[int], edges: Sequence[Edge], kept: set[int]) -> set[int]:
    """Returns the layers above the first with a kept node that has a kept source."""
    return {
        layer_indices[target]
        for source, target, weight in edges
        if weight > 0 and source in kept and target in kept and layer_indices[target] > 0
    }
