"""The formats of an exported graph, a module each, which exports `FORMAT`. To add one, write it and list it here.

Importing this package loads no drawing or graph library: `write` of each format imports what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping

from summit_dash.export.formats import csv, graphml, json, png, svg
from summit_dash.export.formats.export_format import ExportFormat

__all__ = ["FORMATS", "ExportFormat"]

FORMATS: Mapping[str, ExportFormat] = {module.FORMAT.name: module.FORMAT for module in (svg, png, graphml, json, csv)}
"""The formats by name, in the order in which messages list them."""
