"""CSV: a file of nodes and one of edges."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from summit_dash.export.formats.export_format import ExportFormat, GraphContent

__all__ = ["FORMAT", "write_csv"]


def write_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """Writes a header and a line per row. The cell of a value that does not exist is empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _write(content: GraphContent) -> dict[str, bytes]:
    tables = content.tables
    return {
        "-nodes.csv": write_csv(tables.nodes, list(tables.nodes[0])),
        "-edges.csv": write_csv(tables.edges, tables.edge_columns),
    }


FORMAT = ExportFormat("csv", ("-nodes.csv", "-edges.csv"), False, _write, rank=50)
