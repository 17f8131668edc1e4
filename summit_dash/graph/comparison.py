"""Two classes' attribution graphs laid over each other: what they share, what is one's alone, where they part.

Pure functions of two graphs; unit-tested on graphs drawn in ASCII.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from summit_dash.run.graphs import Channel, Edge, Graph
from summit_dash.run.similarity import cosine

__all__ = ["PARTING_JACCARD", "Comparison", "LayerComparison", "Part", "compare", "parting_layer"]

T = TypeVar("T", bound=tuple)
PARTING_JACCARD = 0.5
"""Two classes have parted where fewer than half of their channels are shared."""


class Part(StrEnum):
    """Which of the two graphs something belongs to."""

    SHARED = "shared"
    ONLY_A = "only-a"
    ONLY_B = "only-b"


class LayerComparison(NamedTuple):
    """One layer's numbers; `jaccard` is None where neither graph has a channel there, `cosine` where it is unknown."""

    layer: str
    jaccard: float | None
    cosine: float | None
    n_shared: int
    n_only_a: int
    n_only_b: int


@dataclass(frozen=True)
class Comparison:
    """The merged graph: every channel and influence of either class, with the part it belongs to."""

    nodes: Mapping[Channel, Part]
    edges: Mapping[tuple[Channel, Channel], Part]
    layers: Sequence[LayerComparison]
    parting_layer: str | None

    def count(self, part: Part) -> int:
        """Channels of that part."""
        return sum(found is part for found in self.nodes.values())


def compare(a: Graph, b: Graph, counts: Mapping[str, tuple[NDArray, NDArray]] | None = None) -> Comparison:
    """Compares two graphs; `counts` holds the two activation rows of each layer for the cosine."""
    nodes = _parts({node.channel for node in a.nodes}, {node.channel for node in b.nodes})
    edges = _parts(_read_ends(a.edges), _read_ends(b.edges))
    layers = [_compare_layer(layer, nodes, (counts or {}).get(layer)) for layer in a.layers]
    return Comparison(nodes, edges, layers, parting_layer(layers))


def _read_ends(edges: Sequence[Edge]) -> set[tuple[Channel, Channel]]:
    return {(edge.source, edge.target) for edge in edges}


def _parts(a: set[T], b: set[T]) -> dict[T, Part]:
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
        cosine=cosine(*counts) if counts is not None else None,
        n_shared=n_shared,
        n_only_a=n_a,
        n_only_b=n_b,
    )


def parting_layer(layers: Sequence[LayerComparison]) -> str | None:
    """The first layer, from the input, from which the Jaccard stays below one half to the last layer.

    None where the last layer still shares half or more. A layer without channels of either class says nothing and
    is passed over.
    """
    known = [layer for layer in layers if layer.jaccard is not None]
    below = np.array([layer.jaccard < PARTING_JACCARD for layer in known if layer.jaccard is not None], dtype=bool)
    stays = np.flip(np.logical_and.accumulate(np.flip(below)))
    return known[int(np.argmax(stays))].layer if stays.any() else None
