"""Graphs drawn in ASCII: a line per layer from the output down, channels as numbers, `3:7` with an activation count.

Edges are given separately, as `a1>b2` from source to target.
"""

from __future__ import annotations

from summit_dash.run.graphs import Channel, Edge, Graph, Node


def draw_graph(picture: str, edges: str = "") -> Graph:
    """Reads a graph from a picture and its edges."""
    rows = [line.split("|") for line in picture.strip().splitlines()]
    layers = [name.strip() for name, _ in reversed(rows)]
    nodes = []
    for name, channels in rows:
        for word in channels.split():
            channel, _, count = word.partition(":")
            nodes.append(Node(Channel(name.strip(), int(channel)), int(count or 1)))
    return Graph(layers, nodes, [_read_edge(word) for word in edges.split()])


def _read_edge(word: str) -> Edge:
    source, target = (Channel(end[0], int(end[1:])) for end in word.split(">"))
    return Edge(source, target, 1)
