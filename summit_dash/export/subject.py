"""The subject of an exported file: the attribution graph of a class, or the comparison of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from precompute.contract.errors import InputError
from precompute.contract.tables import EFFECT, PAGERANK, SELECTIONS
from summit_dash.graph.comparison import Comparison, compare
from summit_dash.graph.elements import BY_COUNT, PLAIN, Looks, compute_levels
from summit_dash.graph.ways import Way
from summit_dash.payloads.of_ends import find_class_ways
from summit_dash.run.graphs import Channel, Edge, Graph, Node, compute_shares_covered
from summit_dash.run.measures import name_measures
from summit_dash.run.missing_graph import explain_missing_graph
from summit_dash.run.store import ClassInfo, LayerInfo, RunStore
from summit_dash.run.text import label_classes

__all__ = ["Origin", "Side", "Subject", "read_subject"]


class Side(NamedTuple):
    """One class and its graph; `mark` separates it from other classes of the same first name, and may be empty."""

    info: ClassInfo
    name: str
    mark: str
    graph: Graph

    @property
    def label(self) -> str:
        """The name with its mark."""
        return f"{self.name} {self.mark}".strip()


class Origin(NamedTuple):
    """The source of the numbers; `influence` names the measures in use, or is empty where they are unknown."""

    run: str
    model: str
    dataset: str
    influence: str
    layers: Sequence[LayerInfo]


@dataclass(frozen=True)
class Subject:
    """One side, or A and B with their comparison.

    `covers` is the percentage of activation that the kept channels of one class cover. A comparison keeps all channels.
    `selection` is what the channels were chosen by, and `looks` what they show.
    `found_ways` lead up through channels outside the graph, from channels without an influence upwards.
    """

    origin: Origin
    sides: Sequence[Side]
    comparison: Comparison | None
    covers: float
    selection: str = PAGERANK
    looks: Looks = BY_COUNT
    found_ways: Sequence[Way] = ()

    @property
    def ways(self) -> list[Way]:
        """The ways with both ends kept."""
        kept = set(self.channels)
        return [way for way in self.found_ways if way.source in kept and way.target in kept]

    @property
    def nodes(self) -> list[Node]:
        """The kept nodes of the one class."""
        graph = self.sides[0].graph
        covered = compute_shares_covered(graph.nodes)
        return [node for node in graph.nodes if covered[node.channel] < self.covers or self.covers >= 100]

    @property
    def edges(self) -> list[Edge]:
        """The edges of the one class with both ends kept."""
        kept = {node.channel for node in self.nodes}
        return [edge for edge in self.sides[0].graph.edges if edge.source in kept and edge.target in kept]

    @property
    def channels(self) -> list[Channel]:
        """The kept channels of one class or of both."""
        return list(self.comparison.nodes) if self.comparison else [node.channel for node in self.nodes]


def read_subject(
    store: RunStore,
    class_id: int,
    vs: int | None = None,
    covers: float = 100,
    selection: str = PAGERANK,
    looks: Looks = BY_COUNT,
) -> Subject:
    """Reads the graph of a class, or of two.

    Raises:
        InputError: a class is not in the run or has no graph, both are the same, `covers` is out of its range, or
            channels are to show what was not measured; or one of the last three is given for a comparison, which is
            of the published graphs, not filtered, and drawn by count.
    """
    _check(class_id, vs, covers)
    if vs is not None and (selection, looks) != (PAGERANK, BY_COUNT):
        raise InputError(
            "A comparison is of the published graphs, and drawn by count.",
            "Another selection, size or colour is asked for.",
            "Leave it out, or export the classes one by one.",
        )
    sides = [_read_side(store, asked, selection) for asked in (class_id, vs) if asked is not None]
    comparison = None
    if vs is not None:
        comparison = compare(sides[0].graph, sides[1].graph, store.read_counts_of_both(class_id, vs))
    else:
        _check_looks(sides[0].graph, looks)
    drawn = {edge.target.layer for side in sides for edge in side.graph.edges}
    influence = name_measures(store.find_links(drawn))
    origin = Origin(store.name, store.model_name, store.dataset_name, influence, list(store.layers.values()))
    ways = _find_ways(store, sides) if selection == PAGERANK else []
    return Subject(origin, sides, comparison, covers, selection, looks, ways)


def _find_ways(store: RunStore, sides: Sequence[Side]) -> list[Way]:
    """Finds the ways up of channels without an influence upwards in any of the graphs, each pair of ends once."""
    leading = {edge.source for side in sides for edge in side.graph.edges}
    ways = [way for side in sides for way in find_class_ways(store, side.info.class_id) if way.source not in leading]
    return list({(way.source, way.target): way for way in reversed(ways)}.values())[::-1]


def _check(class_id: int, vs: int | None, covers: float) -> None:
    if not 0 < covers <= 100:
        raise InputError("Channels cover from 1 to 100 % of activation.", f"Found {covers:g}.", "Name another share.")
    if vs is not None and covers < 100:
        raise InputError(
            "A comparison shows all channels of both classes.",
            f"It was to show those that cover {covers:g} %.",
            "Leave the share out, or export the classes one by one.",
        )
    if vs == class_id:
        raise InputError("A comparison takes two classes.", "Both are the same one.", "Name another one with --vs.")


def _check_looks(graph: Graph, looks: Looks) -> None:
    known = list(compute_levels(graph.nodes))
    for what, name, more in (("Sizes", looks.size_by, []), ("Colours", looks.color_by, [PLAIN])):
        if name not in (*more, *known):
            unmeasured = name == EFFECT
            raise InputError(
                f"{what} of this graph's channels show one of {', '.join([*more, *known])}.",
                "Their effect was not measured." if unmeasured else f"Found {name!r}.",
                "Run `summit-dash faithfulness`." if unmeasured else "Name another one.",
            )


def _read_side(store: RunStore, class_id: int, selection: str) -> Side:
    info = store.classes.get(class_id)
    if info is None:
        raise InputError("A class is one of the run's.", f"It has none of class_id {class_id}.", "Name another class.")
    if selection not in SELECTIONS:
        raise InputError(
            f"Channels are chosen by {' or '.join(SELECTIONS)}.", f"Found {selection!r}.", "Name another selection."
        )
    graph = store.graph_by_effect(class_id) if selection == EFFECT else store.graph(class_id)
    if not graph.nodes and selection == EFFECT and store.graph(class_id).nodes:
        raise InputError(
            "A graph by effect is made where the published one is proven.",
            f"{info.short_name} was not measured.",
            f'Run `summit-dash faithfulness {store.path.name} --classes "{class_id}"`.',
        )
    if not graph.nodes:
        raise explain_missing_graph(store, info)
    return Side(info, *label_classes(store.classes)[class_id], graph)
