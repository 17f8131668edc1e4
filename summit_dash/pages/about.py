"""What the views show and how it is computed. Filled by `assets/views/about.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    return html.Section(
        id=ids.ABOUT, className="pane about-pane", hidden=True, **{"data-pane": "about", "aria-label": "About this run"}
    )
