"""The panel of one class: prototypes and some of its images. Drawn by `assets/src/views/class_panel.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    """Builds the empty panel of a class, closed."""
    return html.Aside(id=ids.CLASS_PANEL, className="panel class-panel", hidden=True, **{"aria-label": "Class"})
