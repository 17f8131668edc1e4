"""Every channel of a layer as a wall of pictures. Drawn by `assets/src/views/channels.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout"]

PAGE = Page("channels", "Channels", order=30, place="Channels of the layer", shows_class=True)


def build_layout() -> Component:
    """Builds the empty pane of the view `channels`."""
    return html.Section(
        id=ids.CHANNELS,
        className="pane channels-pane",
        hidden=True,
        **{"data-pane": "channels", "aria-label": "Channels of the layer"},
    )
