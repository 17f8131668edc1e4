"""The classes as points, one layout per layer, below a strip of layers. `assets/src/views/embedding.js` draws it."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    """Builds the strip of layers and the empty stage of the points."""
    strip = html.Nav(id=ids.LAYER_STRIP, className="layer-strip", **{"aria-label": "Layer"})
    return html.Section(
        [strip, html.Div(id=ids.EMBEDDING, className="embedding-stage")],
        className="embedding",
        **{"aria-label": "Embedding of the classes"},
    )
