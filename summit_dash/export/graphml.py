"""A graph as GraphML, which yEd, Gephi, Cytoscape and networkx read. A pure function of its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from summit_dash.export.markup import Element, add, serialize
from summit_dash.export.tables import GraphTables, Row

__all__ = ["write_graphml"]

_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_ENDS = ("id", "source", "target")


def write_graphml(tables: GraphTables) -> bytes:
    """Directed, from the input; a value that does not exist is left out of its node or edge."""
    flat = {"graph": [_flatten(tables.graph)], "node": tables.nodes, "edge": tables.edges}
    root = Element("graphml", xmlns=_NAMESPACE)
    for domain, rows in flat.items():
        for name, type_ in _types(rows).items():
            add(root, "key", id=f"{domain}-{name}", for_=domain, attr__name=name, attr__type=type_)
    graph = add(root, "graph", id="G", edgedefault="directed")
    _add_data(graph, "graph", flat["graph"][0])
    for node in tables.nodes:
        _add_data(add(graph, "node", id=node["id"]), "node", node)
    for edge in tables.edges:
        _add_data(add(graph, "edge", source=edge["source"], target=edge["target"]), "edge", edge)
    return serialize(root)


def _flatten(graph: Mapping[str, Any]) -> Row:
    """GraphML holds no lists: a class's facts stand under its letter where there are two, the layers as names."""
    told = {key: value for key, value in graph.items() if not isinstance(value, list)}
    told["layers"] = ", ".join(layer["layer"] for layer in graph["layers"])
    letters = ("",) if len(graph["classes"]) == 1 else ("_a", "_b")
    for letter, facts in zip(letters, graph["classes"], strict=True):
        told |= {f"{key}{letter}": value for key, value in facts.items()}
    return told


def _types(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The attributes that any row has, with GraphML's name of their type."""
    names = {int: "long", float: "double", str: "string"}
    return {
        key: names[type(value)] for row in rows for key, value in row.items() if value is not None and key not in _ENDS
    }


def _add_data(element: Element, domain: str, row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if value is not None and name not in _ENDS:
            add(element, "data", repr(value) if isinstance(value, float) else str(value), key=f"{domain}-{name}")
