"""The attribution graph of a class, or of two laid over each other: one pane. Drawn by `assets/views/graph.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    return html.Section(
        id=ids.GRAPH, className="pane graph-pane", **{"data-pane": "graph compare", "aria-label": "Attribution graph"}
    )
