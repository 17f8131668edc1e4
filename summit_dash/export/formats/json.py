"""JSON in the node-link form of networkx."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from summit_dash.export.formats.export_format import ExportFormat, GraphContent

if TYPE_CHECKING:
    from summit_dash.export.tables import GraphTables

__all__ = ["FORMAT", "FORMAT_VERSION", "write_json"]

FORMAT_VERSION = 1
"""The version in the file; raised when a reader of the old form would fail."""


def write_json(tables: GraphTables) -> bytes:
    """Writes what `networkx.node_link_graph(data, edges="edges")` takes."""
    whole = {
        "format": "summit-dash attribution graph",
        "format_version": FORMAT_VERSION,
        "directed": True,
        "multigraph": False,
        "graph": tables.graph,
        "nodes": tables.nodes,
        "edges": tables.edges,
    }
    return (json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _write(content: GraphContent) -> dict[str, bytes]:
    return {".json": write_json(content.tables)}


FORMAT = ExportFormat("json", (".json",), False, _write, rank=40)
