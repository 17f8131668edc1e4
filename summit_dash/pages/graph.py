"""The attribution graph of a class, in the pane that shows comparisons too. Drawn by `assets/src/views/graph.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout"]

PAGE = Page("graph", "Graph", order=10)


def build_layout() -> Component:
    """Builds the empty pane of the views `graph` and `compare`."""
    return html.Section(
        id=ids.GRAPH, className="pane graph-pane", **{"data-pane": "graph compare", "aria-label": "Attribution graph"}
    )
