"""The bar on top: what is shown, the theme, the shortcuts."""

from __future__ import annotations

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from summit_dash import ids
from summit_dash.components import build_fact, build_icon
from summit_dash.store import RunStore
from summit_dash.stores import Stores
from summit_dash.text import count

__all__ = ["SHORTCUTS", "build_layout", "register_callbacks"]

SHORTCUTS = (
    (("/",), "Search the classes"),
    (("j", "k"), "Next and previous class in the list"),
    (("Enter",), "Open the class under the cursor"),
    (("←", "→"), "Fold and unfold a group of classes"),
    (("[", "]"), "Layer nearer the input, nearer the output"),
    (("c",), "Compare with a second class"),
    (("g",), "Back to the graph of one class"),
    (("f",), "Fit the graph to the window"),
    (("Esc",), "Close what is open"),
    (("?",), "This list"),
)


def build_layout(stores: Stores, logo: str) -> list[Component]:
    brand = html.Div([html.Img(src=logo, alt="", width=20, height=20), html.Span("Summit Dash")], className="brand")
    buttons = html.Div(
        [
            _build_button("theme-toggle", "theme", "Light or dark"),
            _build_button("help-toggle", "help", "Keyboard shortcuts  ?"),
        ],
        className="header-buttons",
    )
    bar = html.Header([brand, html.Div(build_facts(stores.pick(None)), id=ids.HEADER, className="facts"), buttons])
    return [dcc.Store(id=ids.THEME), bar, build_help(), html.Div(id=ids.NOTICE)]


def _build_button(id_: str, icon: str, label: str) -> Component:
    return html.Button(build_icon(icon), id=id_, type="button", className="icon-button",
                       **{"aria-label": label, "data-tip": label})  # fmt: skip


def build_facts(store: RunStore) -> list[Component]:
    """Model, dataset, classes, instances."""
    return [
        build_fact("Model", store.model_name),
        build_fact("Dataset", store.dataset_name),
        build_fact("Classes", count(len(store.classes))),
        build_fact("Instances", count(store.n_images), "Images that the run was computed from."),
    ]


def build_help() -> Component:
    """The list of shortcuts, a dialog that the browser opens."""
    rows = [html.Div([html.Span([html.Kbd(k) for k in keys]), html.Span(meaning)]) for keys, meaning in SHORTCUTS]
    close = html.Button(
        build_icon("close"), type="button", className="icon-button", **{"data-close-help": "", "aria-label": "Close"}
    )
    head = html.Div([html.H2("Keyboard shortcuts"), close], className="help-head")
    dialog = html.Div(
        [head, *rows],
        className="help-card",
        role="dialog",
        **{"aria-modal": "true", "aria-label": "Keyboard shortcuts"},
    )
    return html.Div(dialog, id=ids.HELP, className="help", hidden=True)


def register_callbacks(app: Dash, stores: Stores) -> None:
    app.clientside_callback(ClientsideFunction("summit", "bootTheme"), Output(ids.THEME, "data"), Input(ids.PAGE, "id"))
    app.clientside_callback(
        ClientsideFunction("summit", "applyTheme"), Output(ids.PROVIDER, "forceColorScheme"), Input(ids.THEME, "data")
    )
    app.clientside_callback(
        ClientsideFunction("summit", "themeGraph"),
        Output(ids.GRAPH, "stylesheet"),
        Input(ids.THEME, "data"),
        State(ids.STYLESHEETS, "data"),
    )

    @app.callback(
        Output(ids.HEADER, "children"), Output(ids.NOTICE, "children"), Input(ids.GRAPH_PART, "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    def show_run(part: dict) -> tuple[list[Component], Component | None]:
        run = part["run"]
        return build_facts(stores.pick(run)), build_notice(run, stores) if run and run not in stores else None


def build_notice(run: str, stores: Stores) -> Component:
    """The link names a run that is not served; the page shows the first instead."""
    names = ", ".join(stores)
    return html.Div(
        f"A link names a run that is served. This one names “{run}”; served: {names}. Showing {next(iter(stores))}.",
        className="notice",
        role="alert",
    )
