"""The confusions of the whole run as a heat map. Filled by `assets/src/views/confusions.js`."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from summit_dash.figures.look import CONFIG
from summit_dash.pages import ids
from summit_dash.pages.page import Page

__all__ = ["PAGE", "build_layout", "register_callbacks"]

PAGE = Page("confusions", "Confusions", order=35, place="Confusions of the run")


def build_layout() -> Component:
    """Builds the head, the component of the heat map, and the place of its table."""
    graph = dcc.Graph(id=ids.CONFUSION_GRAPH, config={**CONFIG, "responsive": False}, responsive=False)
    return html.Section(
        [
            html.Div(className="confusions-head"),
            html.Div(graph, className="confusions-plot", hidden=True, role="img"),
            html.Div(className="confusions-table"),
        ],
        id=ids.CONFUSIONS,
        className="pane confusions-pane",
        hidden=True,
        **{"data-pane": "confusions", "aria-label": "Confusions"},
    )


def register_callbacks(app: Dash) -> None:
    """Adds the callback of the browser that puts the heat map into the component."""
    app.clientside_callback(
        ClientsideFunction("summit", "drawConfusions"),
        Output(ids.CONFUSION_GRAPH, "figure"),
        Input(ids.PAGES_SELECTION, "data"),
    )
