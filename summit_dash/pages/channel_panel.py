"""One channel: its pictures, what it does in the class, who uses it. Drawn by `assets/views/channel_panel.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    return html.Aside(id=ids.PANEL, className="panel", hidden=True, **{"aria-label": "Channel"})
