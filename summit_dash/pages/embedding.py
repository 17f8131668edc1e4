"""The classes as points, one layout per layer, with the strip of layers above.

Plotly draws the points. `assets/src/views/embedding.js` fills in the figure and what is around it.
"""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from summit_dash.figures.look import CONFIG
from summit_dash.pages import ids

__all__ = ["build_layout"]

_MOVE = 600
"""Milliseconds of the points' move from one layer to another."""


def build_layout() -> Component:
    """Builds the strip of layers, and a skeleton over the component of the points until its library is there."""
    strip = html.Nav(id=ids.LAYER_STRIP, className="layer-strip", **{"aria-label": "Layer"})
    stage = html.Div(
        [
            html.Div(_build_graph(), className="embedding-plot", role="img"),
            html.Div(className="embedding-over"),
            html.Div(className="embedding-skeleton", **{"aria-hidden": "true"}),
        ],
        id=ids.EMBEDDING,
        className="embedding-stage is-waiting",
    )
    return html.Section(
        [html.Div(strip, className="layer-strip-box"), stage],
        className="embedding",
        **{"aria-label": "Embedding of the classes"},
    )


def _build_graph() -> Component:
    """Builds the component of the points. A change of layer moves them; each of them keeps its class."""
    timing = {"duration": _MOVE, "easing": "cubic-in-out"}
    return dcc.Graph(
        id=ids.EMBEDDING_GRAPH,
        config={**CONFIG, "scrollZoom": True},
        responsive=False,
        animate=False,
        animation_options={"frame": {"duration": _MOVE, "redraw": False}, "transition": timing, "mode": "immediate"},
        style={"width": "100%", "height": "100%"},
    )
