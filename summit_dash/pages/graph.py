"""The attribution graph of a class, in the pane that shows comparisons too.

Cytoscape draws it. `assets/src/views/graph.js` fills in what is around it.
"""

from __future__ import annotations

import dash_cytoscape
from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout"]

PAGE = Page("graph", "Graph", order=10, place="Attribution graph", shows_class=True)
_LEAST_ZOOM, _GREATEST_ZOOM = 0.15, 4.0


def build_layout() -> Component:
    """Builds the pane of the views `graph` and `compare`: bars, an empty graph, and what lies over it."""
    stage = html.Div(
        [
            html.Div(className="under-paper"),
            _build_canvas(),
            html.Div(id=ids.GRAPH_CHANNELS, className="graph-channels"),
            html.Div(className="gutter"),
            html.Div(className="minimap", hidden=True),
            html.Div(className="zoom-tools"),
            html.Div(className="graph-card", hidden=True),
            html.Div(className="graph-table", hidden=True),
            html.Div(className="graph-empty"),
        ],
        className="graph-stage",
    )
    side = html.Aside(className="compare-panel", hidden=True, **{"aria-label": "Layers compared"})
    return html.Section(
        [
            html.Div([html.Div(className="graph-class"), html.Div(className="picker")], className="graph-bar"),
            html.Div(className="graph-tools"),
            html.Div([stage, side], className="graph-body"),
        ],
        id=ids.GRAPH,
        className="pane graph-pane",
        **{"data-pane": "graph compare", "aria-label": "Attribution graph"},
    )


def _build_canvas() -> Component:
    """Builds the component that draws the graph. Nodes stay where the layout puts them; a drag moves the view."""
    return dash_cytoscape.Cytoscape(
        id=ids.GRAPH_CANVAS,
        className="graph-canvas",
        style={"width": "100%", "height": "100%"},
        elements=[],
        stylesheet=[],
        layout={"name": "preset", "fit": False},
        minZoom=_LEAST_ZOOM,
        maxZoom=_GREATEST_ZOOM,
        autoRefreshLayout=False,
        autoungrabify=True,
        autounselectify=True,
        boxSelectionEnabled=True,
    )
