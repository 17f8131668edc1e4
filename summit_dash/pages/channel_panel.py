"""The panel of one channel: pictures, role in the class, users. Drawn by `assets/src/views/channel_panel.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    """Builds the empty panel of a channel, closed."""
    return html.Aside(id=ids.PANEL, className="panel", hidden=True, **{"aria-label": "Channel"})
