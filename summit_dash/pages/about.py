"""The page that explains the views and the method. Filled by `assets/src/views/about.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout"]

PAGE = Page("about", "About", order=40, place="About this run")


def build_layout() -> Component:
    """Builds the empty pane of the view `about`."""
    return html.Section(
        id=ids.ABOUT, className="pane about-pane", hidden=True, **{"data-pane": "about", "aria-label": "About this run"}
    )
