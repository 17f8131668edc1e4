"""What the dashboard shows, as files. Core functions return bytes; only `files` writes."""

from summit_dash.export.graph import FORMATS, GraphRequest, export_graph

__all__ = ["FORMATS", "GraphRequest", "export_graph"]
