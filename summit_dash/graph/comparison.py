"""The comparison of two classes' attribution graphs: shared channels, channels of one class, the parting layer.

Pure functions of two graphs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from summit_dash.run.graphs import Channel, Edge, Graph
from summit_dash.run.similarity import compute_cosine

__all__ = ["PARTING_JACCARD", "Comparison", "LayerComparison", "Part", "compare", "find_parting_layer"]

T = TypeVar("T", bound=tuple)
PARTING_JACCARD = 0.5
"""Jaccard index below which two classes have parted: fewer than half of their channels are shared."""


class Part(StrEnum):
    """The graphs that a channel or an influence belongs to."""

    SHARED = "shared"
    ONLY_A = "only-a"
    ONLY_B = "only-b"


class LayerComparison(NamedTuple):
    """The numbers of one layer.

    `jaccard` is None where neither graph has a channel in the layer, `cosine` where the run has no activations.
    """

    layer: str
    jaccard: float | None
    cosine: float | None
    n_shared: int
    n_only_a: int
    n_only_b: int


@dataclass(frozen=True)
class Comparison:
    """The merged graph: every channel and influence of either class with its part, and the numbers of each layer."""

    nodes: Mapping[Channel, Part]
    edges: Mapping[tuple[Channel, Channel], Part]
    layers: Sequence[LayerComparison]
    parting_layer: str | None

    def count(self, part: Part) -> int:
        """Counts the channels of a part."""
        return sum(found is part for found in self.nodes.values())


def compare(a: Graph, b: Graph, counts: Mapping[str, tuple[NDArray, NDArray]] | None = None) -> Comparison:
    """Compares two graphs of one run.

    Args:
        a: graph of class A.
        b: graph of class B.
        counts: by layer, the activation counts of A and of B, (channel,) each; without them cosines are None.
    """
    nodes = _divide({node.channel for node in a.nodes}, {node.channel for node in b.nodes})
    edges = _divide(_read_ends(a.edges), _read_ends(b.edges))
    layers = [_compare_layer(layer, nodes, (counts or {}).get(layer)) for layer in a.layers]
    return Comparison(nodes, edges, layers, find_parting_layer(layers))


def _read_ends(edges: Sequence[Edge]) -> set[tuple[Channel, Channel]]:
    return {(edge.source, edge.target) for edge in edges}


def _divide(a: set[T], b: set[T]) -> dict[T, Part]:
    both = a & b
    return {key: Part.SHARED if key in both else Part.ONLY_A if key in a else Part.ONLY_B for key in sorted(a | b)}


def _compare_layer(
    layer: str, nodes: Mapping[Channel, Part], counts: tuple[NDArray, NDArray] | None
) -> LayerComparison:
    parts = [part for channel, part in nodes.items() if channel.layer == layer]
    n_shared, n_a, n_b = (parts.count(part) for part in Part)
    return LayerComparison(
        layer,
        jaccard=n_shared / len(parts) if parts else None,
        cosine=compute_cosine(*counts) if counts is not None else None,
        n_shared=n_shared,
        n_only_a=n_a,
        n_only_b=n_b,
    )


def find_parting_layer(layers: Sequence[LayerComparison]) -> str | None:
    """Finds the first layer from the input from which the Jaccard index stays below one half to the last layer.

    Layers without a channel of either class are passed over. Returns None where the last of the others still shares
    half or more.
    """
    known = [layer for layer in layers if layer.jaccard is not None]
    below = np.array([layer.jaccard < PARTING_JACCARD for layer in known if layer.jaccard is not None], dtype=bool)
    stays = np.flip(np.logical_and.accumulate(np.flip(below)))
    return known[int(np.argmax(stays))].layer if stays.any() else None
