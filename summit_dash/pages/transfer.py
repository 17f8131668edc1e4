"""The places to cut a model, for a person's own images: the results of `summit-dash transfer`.

Filled by `assets/src/views/transfer.js`.
"""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout"]

PAGE = Page("transfer", "Transfer", order=36, place="Transfer: where to cut")


def build_layout() -> Component:
    """Builds the places of the advice with its curves, of the tables, and of the comparison of two cuts."""
    parts = ("advice", "curves", "cuts", "learned", "training", "pair", "images")
    return html.Section(
        [html.Div(className=f"transfer-{name}") for name in parts],
        id=ids.TRANSFER,
        className="pane transfer-pane",
        hidden=True,
        **{"data-pane": "transfer", "aria-label": "Transfer", "tabIndex": 0},
    )
