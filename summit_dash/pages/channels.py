"""Every channel of a layer as a wall of pictures. Drawn by `assets/views/channels.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids

__all__ = ["build_layout"]


def build_layout() -> Component:
    return html.Section(
        id=ids.CHANNELS,
        className="pane channels-pane",
        hidden=True,
        **{"data-pane": "channels", "aria-label": "Channels of the layer"},
    )
