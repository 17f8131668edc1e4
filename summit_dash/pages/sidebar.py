"""The list of classes: search, orders, groups. Drawn by `assets/src/views/sidebar.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    """Builds the empty list of classes."""
    return html.Section(id=ids.SIDEBAR, className="sidebar", **{"aria-label": "Classes"})
