"""The graph of one image over a class's as rows, as files, and around some of its channels. Pure functions."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from summit_dash.graph.comparison import Part
from summit_dash.graph.elements import Element
from summit_dash.graph.image_overlay import ImageGraph, describe_overlay
from summit_dash.run.graphs import Channel, Graph

__all__ = ["ChannelRow", "keep_connected", "list_channel_rows", "list_influence_rows", "write_csv", "write_json"]

WORDS: Mapping[Part, str] = {Part.SHARED: "both", Part.ONLY_A: "class", Part.ONLY_B: "image"}
"""The graphs that a channel or an influence is in."""


class ChannelRow(NamedTuple):
    """A channel of either graph.

    Attributes:
        layer: of the channel.
        channel: its number.
        part: "both", "class" or "image".
        activation: its greatest value on the image; None where it is not among the image's strongest.
        attribution: what it adds to the score of the target, to first order; None as `activation`.
        n_images: images of the class that use it; None where it is not in the class's graph.
        sources: the channels with an influence on it that is drawn, by name.
    """

    layer: str
    channel: int
    part: str
    activation: float | None
    attribution: float | None
    n_images: int | None
    sources: tuple[str, ...]

    @property
    def name(self) -> str:
        """The channel's id."""
        return f"{self.layer}-{self.channel}"


def list_channel_rows(graph: Graph, image: ImageGraph) -> list[ChannelRow]:
    """Lists the channels of both graphs from the output to the input; in a layer the greatest attribution first.

    Args:
        graph: of the class.
        image: its graph.
    """
    comparison = describe_overlay(graph, image)
    counts = {node.channel: node.activation_count for node in graph.nodes}
    sources = defaultdict(list)
    for source, target in comparison.edges:
        sources[target].append(f"{source.layer}-{source.channel}")
    places = {layer: place for place, layer in enumerate(graph.layers)}
    rows = []
    for channel, part in comparison.nodes.items():
        activation, attribution = image.channels.get(channel, (None, None))
        facts = (activation, attribution, counts.get(channel), tuple(sources[channel]))
        rows.append(ChannelRow(channel.layer, channel.channel, WORDS[part], *facts))
    return sorted(rows, key=lambda row: (-places[row.layer], -abs(row.attribution or 0.0), row.channel))


def list_influence_rows(graph: Graph, image: ImageGraph) -> list[tuple[str, str, str]]:
    """Lists the influences of both graphs: source, target, and the graphs that they are in."""
    found = describe_overlay(graph, image).edges
    return [(_name(source), _name(target), WORDS[part]) for (source, target), part in found.items()]


def write_csv(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """Writes a table as CSV with a head; what is missing is an empty cell, what is several is separated by blanks."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([" ".join(each) if isinstance(each, tuple) else each for each in row] for row in rows)
    return file.getvalue().encode()


def write_json(facts: Mapping[str, Any], channels: Sequence[ChannelRow], influences: Sequence[Sequence[str]]) -> bytes:
    """Writes facts, channels and influences as JSON."""
    edges = [dict(zip(("source", "target", "part"), each, strict=True)) for each in influences]
    content = {**facts, "channels": [row._asdict() for row in channels], "influences": edges}
    return json.dumps(content, indent=1).encode()


def keep_connected(elements: Sequence[Element], pins: Collection[str]) -> list[Element]:
    """Keeps what is connected with pinned channels along influences, up or down, and marks the pinned ones.

    Args:
        elements: nodes and edges as Cytoscape takes them.
        pins: ids of channels. Those that are not drawn count for nothing; all is kept where none is drawn.
    """
    nodes = {each["data"]["id"] for each in elements if "source" not in each["data"]}
    held = nodes & set(pins)
    if not held:
        return list(elements)
    import networkx  # slow to import, and few ask for it

    edges = [each["data"] for each in elements if "source" in each["data"]]
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from((each["source"], each["target"]) for each in edges)
    kept = held.union(*(networkx.ancestors(graph, each) | networkx.descendants(graph, each) for each in held))
    found = []
    for each in elements:
        data = each["data"]
        if {data.get("source", data["id"]), data.get("target", data["id"])} <= kept:
            is_held = data["id"] in held
            found.append({**each, "classes": f"{each.get('classes', '')} pinned".strip()} if is_held else each)
    return found


def _name(channel: Channel) -> str:
    return f"{channel.layer}-{channel.channel}"
