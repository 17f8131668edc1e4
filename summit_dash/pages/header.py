"""The bar on top: facts of the run, the theme, the shortcuts."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import ids
from summit_dash.pages.components import build_icon, build_tool

__all__ = ["SHORTCUTS", "build_help", "build_layout"]

SHORTCUTS = (
    (("Ctrl K",), "Go to a class, channel, layer or view"),
    (("/",), "Search the classes"),
    (("j", "k"), "Next and previous class in the list"),
    (("Enter",), "Open the class under the cursor"),
    (("⇧", "Enter"), "Compare with the class under the cursor"),
    (("←", "→"), "Fold and unfold a group of classes"),
    (("[", "]"), "Layer nearer the input, nearer the output"),
    (("l",), "Lasso: draw round classes in the embedding"),
    (("c",), "Compare with a second class"),
    (("g",), "Back to the graph of one class"),
    (("i",), "Panel of the class"),
    (("f",), "Find a channel in the graph"),
    (("0",), "Fit the graph to the window"),
    (("+", "-"), "Zoom the graph"),
    (("← ↑ → ↓",), "Walk through the graph, from its focused channel"),
    (("p",), "Pin the focused channel of the graph"),
    (("u", "U"), "Undo, redo; also Ctrl Z, Ctrl Shift Z"),
    (("Esc",), "Close what is open"),
    (("?",), "This list"),
)


def build_layout(logo: str, account: Component | None = None) -> Component:
    """Builds the bar; the browser fills in the facts of the run that is shown. `account` is its last button."""
    brand = html.Div([html.Img(src=logo, alt="", width=20, height=20), html.Span("Summit Dash")], className="brand")
    runs = html.Div(id=ids.RUNS)
    palette = html.Button(
        [build_icon("search"), html.Span("Go to"), html.Kbd("Ctrl K")],
        type="button",
        className="palette-open",
        **{"data-do": "palette", "aria-label": "Go to a class, channel, layer or view"},
    )
    buttons = [
        palette,
        build_tool("copy-link", "link", "Copy a link to this view"),
        build_tool("theme", "theme", "Light or dark"),
        build_tool("help", "help", "Keyboard shortcuts  ?"),
        *([account] if account is not None else []),
    ]
    facts = html.Div(id=ids.HEADER, className="facts")
    return html.Header([brand, runs, facts, html.Div(buttons, className="header-buttons")])


def build_help() -> Component:
    """Builds the list of shortcuts, a dialog that the browser opens."""
    rows = [html.Div([html.Span([html.Kbd(k) for k in keys]), html.Span(meaning)]) for keys, meaning in SHORTCUTS]
    close = html.Button(
        build_icon("close"),
        type="button",
        className="icon-button",
        **{"data-do": "close-help", "data-close-help": "", "aria-label": "Close"},
    )
    head = html.Div([html.H2("Keyboard shortcuts"), close], className="help-head")
    dialog = html.Div(
        [head, *rows],
        className="help-card",
        role="dialog",
        **{"aria-modal": "true", "aria-label": "Keyboard shortcuts"},
    )
    return html.Div(dialog, id=ids.HELP, className="help", hidden=True)
