"""The list of classes: search, three orders, accuracy, histogram, similarity; the selected class on top.

Where classes have groups, their headers are rows of the same list; what they show and when they fold is decided in
`assets/groups.js`."""

from __future__ import annotations

import json
from typing import Any

import dash_ag_grid as dag
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from summit_dash import ids
from summit_dash.class_groups import FOLDED_FROM, SHOWN_FROM, group_classes
from summit_dash.components import build_action, build_icon
from summit_dash.similarity import similarity_to
from summit_dash.store import RunStore
from summit_dash.stores import Stores
from summit_dash.text import NO_ACCURACY, class_labels

__all__ = ["build_group_rows", "build_group_tools", "build_layout", "build_rows", "register_callbacks"]

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
    orders = [_build_order(*order, store.has_accuracy or order[0] == "similarity") for order in _ORDERS]
    segments = html.Div(
        orders, id=ids.SORTS, className="segments", role="group", **{"aria-label": "Order of the classes"}
    )
    return html.Div(
        [
            dcc.Store(id=ids.SIMILARITY),
            search,
            html.Div([segments, build_group_tools(store)], className="list-tools"),
            html.Div(
                [build_grid(store), html.Div(id=ids.NO_MATCH, className="no-match", hidden=True)],
                className="grid-frame",
            ),
        ],
        id=ids.SIDEBAR,
        className="sidebar" if has_histograms(store) else "sidebar without-bins",
    )


def _build_order(name: str, label: str, tip: str, is_possible: bool) -> Component:
    """The button of an order; one that cannot be chosen says why."""
    attributes = {"data-sort": name, "aria-pressed": "false"}
    if is_possible:
        return build_action(label, {"sort": name}, "segment", tip, **attributes)
    return html.Button(
        label, className="segment", type="button", **{"aria-disabled": "true", "data-tip": NO_ACCURACY, **attributes}
    )


def build_group_tools(store: RunStore) -> Component | None:
    """Shows or hides the groups, and folds them all; nothing where no class has a group.

    What the browser must know of the groups it reads here: their names by place, and how the list begins.
    """
    groups = group_classes(store.classes)
    if not groups:
        return None
    show = html.Button(
        [build_icon("groups"), html.Span("Groups", className="tool-label")],
        type="button",
        className="tool",
        **{"data-groups-do": "show", "aria-pressed": "false", "aria-label": "Groups",
           "data-tip": "Classes under their groups, or in one list."},
    )  # fmt: skip
    fold = html.Button(
        build_icon("fold"),
        type="button",
        className="icon-button small",
        **{"data-groups-do": "fold", "aria-label": "Fold all groups", "data-tip": "Fold all groups"},
    )
    start = {
        "run": store.name,
        "names": [group.group or "" for group in groups],
        "shown": len(store.classes) >= SHOWN_FROM and len(groups) > 1,
        "folded": len(store.classes) >= FOLDED_FROM,
    }
    return html.Div([show, fold], id=ids.GROUPS, className="group-tools", **{"data-start": json.dumps(start)})


def build_group_rows(store: RunStore) -> list[dict[str, Any]]:
    """One row per group, the header of its classes; `id` is the `group` of their rows."""
    return [
        {
            "id": f"g{place}",
            "name": group.name,
            "classes": group.class_ids,
            "n": group.n_images,
            "accuracy": None if group.mean_top1 is None else round(group.mean_top1, 6),
            "known": group.n_known,
            "last": group.group is None,
        }
        for place, group in enumerate(group_classes(store.classes))
    ]


def build_rows(store: RunStore) -> list[dict[str, Any]]:
    """One row per class; keys are short because there may be thousands."""
    labels = class_labels(store.classes)
    groups = group_classes(store.classes)
    headers = {class_id: f"g{place}" for place, group in enumerate(groups) for class_id in group.class_ids}
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
            **({"group": headers[info.class_id], "super": info.group or ""} if headers else {}),
        }
        for info in store.classes.values()
    ]


def has_histograms(store: RunStore) -> bool:
    """Whether any class has one; where none has, the list has no column of them."""
    return any(info.probability_histogram is not None for info in store.classes.values())


def _columns(store: RunStore) -> list[dict[str, Any]]:
    """The columns; what they show is drawn in the browser."""
    return [
        {
            "field": "name",
            "headerName": "Class",
            "flex": 1,
            "minWidth": 110,
            "cellRenderer": "SummitName",
        },
        {
            "field": "accuracy",
            "headerName": "Top-1",
            "width": 58,
            "cellRenderer": "SummitAccuracy",
            "cellClass": "number",
            "comparator": {"function": "summitNullsLast"},
            "sortable": store.has_accuracy,
            "headerTooltip": "Top-1 accuracy: images whose most probable output is the class."
            if store.has_accuracy
            else NO_ACCURACY,
        },
        {
            "field": "bins",
            "headerName": "Probability",
            "width": 74,
            "cellRenderer": "SummitHistogram",
            "sortable": False,
            "hide": not has_histograms(store),
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
        rowData=[*build_group_rows(store), *build_rows(store)],
        columnDefs=_columns(store),
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
            "doesExternalFilterPass": {"function": "summitIsListed(params)"},
            "isFullWidthRow": {"function": "summitIsGroup(params)"},
            "fullWidthCellRenderer": "SummitGroup",
            "postSortRows": {"function": "summitGroupRows(params)"},
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
