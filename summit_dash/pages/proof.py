"""The proof of the graphs: what becomes of a class without its channels. Filled by `assets/src/views/proof.js`."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout"]

PAGE = Page("proof", "Proof", order=33, place="Proof of the graphs")


def build_layout() -> Component:
    """Builds the places of the class's curves and of the tables of all classes and layers."""
    return html.Section(
        [
            html.Div(className="proof-class"),
            html.Div(className="proof-all"),
            html.Div(className="proof-layers"),
            html.Div(className="proof-edges"),
        ],
        id=ids.PROOF,
        className="pane proof-pane",
        hidden=True,
        **{"data-pane": "proof", "aria-label": "Proof"},
    )
