"""GraphML, which yEd, Gephi, Cytoscape and networkx read. Written by networkx."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from summit_dash.export.formats.export_format import ExportFormat, GraphContent
from summit_dash.export.markup import clean_text

if TYPE_CHECKING:
    import networkx

    from summit_dash.export.tables import GraphTables, Row

__all__ = ["FORMAT", "build_digraph", "write_graphml"]


def write_graphml(tables: GraphTables) -> bytes:
    """Writes the graph of `build_digraph`."""
    import networkx

    graph = build_digraph(tables)
    graph.graph["id"] = "G"
    out = io.BytesIO()
    networkx.write_graphml_xml(graph, out)
    return out.getvalue()


def build_digraph(tables: GraphTables) -> networkx.DiGraph[str]:
    """Builds a directed graph with the ids of `tables`. A value that does not exist is left out of its node or edge."""
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph(**_clean(_flatten(tables.graph)))
    for node in tables.nodes:
        graph.add_node(clean_text(node["id"]), **_clean(node, "id"))
    for edge in tables.edges:
        ends = clean_text(edge["source"]), clean_text(edge["target"])
        graph.add_edge(*ends, **_clean(edge, "source", "target"))
    return graph


def _flatten(graph: Mapping[str, Any]) -> Row:
    """Returns the facts of the graph without lists, which GraphML does not have.

    Layers become their names in one text. The facts of a class get its letter where there are two.
    """
    facts = {key: value for key, value in graph.items() if not isinstance(value, list)}
    facts["layers"] = ", ".join(layer["layer"] for layer in graph["layers"])
    letters = ("",) if len(graph["classes"]) == 1 else ("_a", "_b")
    for letter, of_class in zip(letters, graph["classes"], strict=True):
        facts |= {f"{key}{letter}": value for key, value in of_class.items()}
    return facts


def _clean(row: Mapping[str, Any], *without: str) -> Row:
    """Drops values that do not exist and the columns `without`; mends characters that XML cannot hold."""
    return {
        key: clean_text(value) if isinstance(value, str) else value
        for key, value in row.items()
        if value is not None and key not in without
    }


def _write(content: GraphContent) -> dict[str, bytes]:
    return {".graphml": write_graphml(content.tables)}


FORMAT = ExportFormat("graphml", (".graphml",), False, _write, rank=30)
