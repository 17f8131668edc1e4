"""The list of classes: search, three orders, accuracy, histogram, similarity; the selected class on top."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from summit_dash import ids
from summit_dash.components import build_action, build_icon
from summit_dash.similarity import similarity_to
from summit_dash.store import RunStore
from summit_dash.stores import Stores
from summit_dash.text import class_labels

__all__ = ["build_layout", "build_rows", "register_callbacks"]

_ORDERS = (
    (
        "similarity",
        "Similarity",
        "Most similar to the selected class first: cosine of the activation counts at the layer.",
    ),
    ("accuracy-up", "Accuracy ↑", "Lowest top-1 accuracy first."),
    ("accuracy-down", "Accuracy ↓", "Highest top-1 accuracy first."),
)


def build_layout(stores: Stores) -> Component:
    store = stores.pick(None)
    search = html.Label(
        [
            build_icon("search"),
            dcc.Input(
                id=ids.SEARCH,
                type="search",
                placeholder=f"Search {len(store.classes):,} classes",
                debounce=False,
                autoComplete="off",
            ),
            html.Kbd("/"),
        ],
        className="search",
    )
    orders = [
        build_action(label, {"sort": name}, "segment", tip, **{"data-sort": name, "aria-pressed": "false"})
        for name, label, tip in _ORDERS
    ]
    return html.Div(
        [
            dcc.Store(id=ids.SIMILARITY),
            search,
            html.Div(
                orders, id=ids.SORTS, className="segments", role="group", **{"aria-label": "Order of the classes"}
            ),
            html.Div(
                [build_grid(store), html.Div(id=ids.NO_MATCH, className="no-match", hidden=True)],
                className="grid-frame",
            ),
        ],
        id=ids.SIDEBAR,
        className="sidebar",
    )


def build_rows(store: RunStore) -> list[dict[str, Any]]:
    """One row per class; keys are short because there may be thousands."""
    labels = class_labels(store.classes)
    return [
        {
            "id": info.class_id,
            "name": labels[info.class_id][0],
            "mark": labels[info.class_id][1],
            "full": info.class_name,
            "synset": info.synset or "",
            "n": info.n_images,
            "accuracy": None if info.top1_accuracy is None else round(info.top1_accuracy, 6),
            "bins": info.probability_histogram,
        }
        for info in store.classes.values()
    ]


def _columns() -> list[dict[str, Any]]:
    """The four columns; what they show is drawn in the browser."""
    return [
        {
            "field": "name",
            "headerName": "Class",
            "flex": 1,
            "minWidth": 110,
            "cellRenderer": "SummitName",
            "getQuickFilterText": {"function": "summitSearchText(params)"},
        },
        {
            "field": "accuracy",
            "headerName": "Top-1",
            "width": 58,
            "cellRenderer": "SummitAccuracy",
            "cellClass": "number",
            "comparator": {"function": "summitNullsLast"},
            "headerTooltip": "Top-1 accuracy: images whose most probable output is the class.",
        },
        {
            "field": "bins",
            "headerName": "Probability",
            "width": 74,
            "cellRenderer": "SummitHistogram",
            "sortable": False,
            "headerTooltip": "Images per twentieth of the true class's probability, 0 at the left, 1 at the right.",
        },
        {
            "colId": "similarity",
            "headerName": "Similar",
            "width": 66,
            "cellRenderer": "SummitSimilarity",
            "valueGetter": {"function": "summitSimilarity(params)"},
            "sort": "desc",
            "comparator": {"function": "summitNullsLast"},
            "headerTooltip": "Cosine of activation counts with the selected class, at the selected layer.",
        },
    ]


def build_grid(store: RunStore) -> Component:
    return dag.AgGrid(
        id=ids.CLASS_GRID,
        rowData=build_rows(store),
        columnDefs=_columns(),
        defaultColDef={
            "sortable": True,
            "resizable": False,
            "suppressMovable": True,
            "suppressHeaderMenuButton": True,
            "cellDataType": False,
        },
        getRowId="summitRowId(params)",
        className="classes",
        dashGridOptions={
            "theme": {"function": "summitGridTheme(themeQuartz)"},
            "rowHeight": 34,
            "headerHeight": 26,
            "suppressCellFocus": True,
            "suppressMultiSort": True,
            "animateRows": False,
            "tooltipShowDelay": 400,
            "suppressNoRowsOverlay": True,
            "isExternalFilterPresent": {"function": "true"},
            "doesExternalFilterPass": {"function": "summitIsUnpinned(params)"},
        },
        style={"height": "100%", "width": "100%"},
    )


def register_callbacks(app: Dash, stores: Stores) -> None:
    app.clientside_callback(
        ClientsideFunction("summit", "showSidebar"), Input(ids.SELECTION, "data"), Input(ids.SIMILARITY, "data")
    )
    app.clientside_callback(ClientsideFunction("summit", "search"), Input(ids.SEARCH, "value"))

    @app.callback(Output(ids.SIMILARITY, "data"), Input(ids.SIDEBAR_PART, "data"), prevent_initial_call=True)
    def show_similarity(part: dict) -> dict[str, float] | None:
        store = stores.pick(part["run"])
        is_known = part["class_id"] in store.classes and part["layer"] in store.layers and store.has("activations")
        if not is_known:
            return None
        values = similarity_to(store.counts(part["layer"]), store.row_of(part["class_id"]))
        return {str(class_id): round(v, 3) for class_id, v in zip(store.classes, values.tolist(), strict=True)}
