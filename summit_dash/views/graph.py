"""The attribution graph of a class, or of two laid over each other: one canvas for both views."""

from __future__ import annotations

from typing import Any

import dash_cytoscape as cyto
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from dash_mantine_components import Slider

from summit_dash import ids
from summit_dash.components import build_action, build_empty_state, build_histogram, build_icon, build_problem
from summit_dash.comparison import Comparison, compare
from summit_dash.elements import build_comparison_elements, build_graph_elements
from summit_dash.graphs import Graph
from summit_dash.store import ClassInfo, InputError, RunStore
from summit_dash.stores import Stores
from summit_dash.text import class_labels, percent, plural
from summit_dash.views import compare as compare_view

__all__ = ["build_layout", "register_callbacks"]

_COVERS_TIP = (
    "Hides channels: those with the highest activation counts stay, as many as it takes to cover this share of all "
    "activation counts in the graph."
)
_SLIDERS = (
    (ids.COVERS, "covers", 1, 100, 100, _COVERS_TIP),
    (ids.WIDTH, "width", 25, 300, 100, "Stretches the graph sideways."),
    (ids.HEIGHT, "height", 25, 300, 100, "Stretches the graph up and down."),
)
NO_ACCURACY = "The labels of this run are not the model's outputs, so there is no accuracy to state."


def build_layout(stores: Stores, stylesheets: dict[str, list[dict[str, Any]]]) -> list[Component]:
    fit = html.Button(build_icon("fit"), id="fit", type="button", className="icon-button",
                      **{"aria-label": "Fit to the window", "data-tip": "Fit to the window  f"})  # fmt: skip
    sliders = [_build_slider(*slider) for slider in _SLIDERS]
    canvas = cyto.Cytoscape(
        id=ids.GRAPH,
        elements=[],
        stylesheet=stylesheets["light"],
        layout={"name": "preset", "fit": False},
        minZoom=0.1,
        maxZoom=4,
        wheelSensitivity=0.3,
        boxSelectionEnabled=False,
        autoungrabify=True,
        autounselectify=True,
        autoRefreshLayout=False,
        responsive=False,
        style={"width": "100%", "height": "100%"},
    )
    stage = [
        html.Div(canvas, className="graph-canvas"),
        html.Div(id=ids.GRAPH_GUTTER, className="gutter"),
        html.Div(id=ids.GRAPH_EMPTY, className="graph-empty"),
        html.Div(id=ids.GRAPH_TOOLTIP, className="graph-tooltip", hidden=True),
    ]
    return [
        dcc.Store(id=ids.STYLESHEETS, data=stylesheets),
        html.Div(
            [html.Div(id=ids.GRAPH_BAR, className="graph-class"), compare_view.build_picker(stores)], className="graph-bar"
        ),
        html.Div([html.Div(id=ids.GRAPH_ROWS, className="legend"), *sliders, fit], className="graph-tools"),
        html.Div(stage, id=ids.GRAPH_STAGE, className="graph-stage"),
    ]


def _build_slider(id_: str, name: str, low: int, high: int, value: int, tip: str) -> Component:
    slider = Slider(id=id_, min=low, max=high, value=value, label=None, size=2, thumbSize=12, w=72, updatemode="drag",
                    thumbLabel=name)  # fmt: skip
    text = html.Span(f"{value} %", id=f"{id_}-value", className="slider-value")
    return html.Div([html.Span(name, className="slider-name", **{"data-tip": tip}), slider, text], className=f"slider {id_}")


def register_callbacks(app: Dash, stores: Stores, prefix: str) -> None:
    app.clientside_callback(ClientsideFunction("summit", "showGraph"), Input(ids.GRAPH, "elements"))
    app.clientside_callback(ClientsideFunction("summit", "showSelection"), Input(ids.SELECTION, "data"))
    for id_, *_ in _SLIDERS:
        app.clientside_callback(ClientsideFunction("summit", f"slide_{id_}"), Input(id_, "value"))

    @app.callback(
        Output(ids.GRAPH, "elements"),
        Output(ids.GRAPH_BAR, "children"),
        Output(ids.GRAPH_GUTTER, "children"),
        Output(ids.GRAPH_EMPTY, "children"),
        Output(ids.GRAPH_ROWS, "children"),
        Input(ids.GRAPH_PART, "data"),
        prevent_initial_call=True,
    )
    def show_graph(part: dict) -> tuple:
        store = stores.pick(part["run"])
        try:
            return draw(store, part, prefix)
        except InputError as problem:
            return [], [], [], build_problem(problem), None


def draw(store: RunStore, part: dict[str, Any], prefix: str) -> tuple:
    """Elements, class bar, gutter, empty state and legend of a selection."""
    unread = dict(part["unread"])
    info = store.classes.get(part["class_id"])
    if info is None:
        return [], [], [], build_unknown_class(store, "class", unread.get("class", part["class_id"])), None
    graph = store.graph(info.class_id)
    if not graph.nodes:
        return [], build_class(info, store), [], build_no_graph(info), None
    if part["view"] != "compare":
        elements = build_graph_elements(graph, info.n_images, lambda at: store.thumbnail(at, prefix))
        return elements, build_class(info, store), build_gutter(graph), None, build_summary(graph)
    return draw_comparison(store, info, graph, (part["vs"], unread.get("vs")), prefix)


def draw_comparison(
    store: RunStore, a: ClassInfo, graph: Graph, versus: tuple[int | None, str | None], prefix: str
) -> tuple:
    """As `draw`, for two classes; without a second one, the place to choose it."""
    vs, unread = versus
    b = store.classes.get(vs) if vs is not None else None
    bar = build_class(a, store, "A")
    if b is None:
        asked = unread if unread is not None else vs
        empty = build_unknown_class(store, "vs", asked) if asked is not None else compare_view.build_invitation(a.short_name)
        return [], bar, [], empty, None
    other = store.graph(b.class_id)
    comparison = compare(graph, other, _counts(store, a, b))
    elements = build_comparison_elements(
        (graph, other), comparison, ((a.short_name, a.n_images), (b.short_name, b.n_images)),
        lambda at: store.thumbnail(at, prefix),
    )  # fmt: skip
    bar = [*bar, compare_view.build_second(b, class_labels(store.classes)[b.class_id], a.class_id)]
    return elements, bar, compare_view.build_gutter(comparison), None, _legend(comparison, a, b)


def _legend(comparison: Comparison, a: ClassInfo, b: ClassInfo) -> Component:
    return compare_view.build_legend(comparison, a.short_name, b.short_name)


def _counts(store: RunStore, a: ClassInfo, b: ClassInfo) -> dict[str, Any]:
    if not store.has("activations"):
        return {}
    rows = store.row_of(a.class_id), store.row_of(b.class_id)
    return {layer: (store.counts(layer)[rows[0]], store.counts(layer)[rows[1]]) for layer in store.layers}


def build_class(info: ClassInfo, store: RunStore, letter: str = "") -> list[Component]:
    """Name, images, accuracy and histogram of the selected class."""
    name, mark = class_labels(store.classes)[info.class_id]
    tip = info.class_name + (f" · {info.synset}" if info.synset else "")
    badge = [html.Span(letter, className="badge badge-a")] if letter else []
    title = html.H1([*badge, html.Span(name, className="name"), html.Span(mark, className="mark")], **{"data-tip": tip})
    accuracy = html.Span(
        f"{percent(info.top1_accuracy)}",
        className="number",
        **{"data-tip": NO_ACCURACY if info.top1_accuracy is None else _accuracy_tip(info)},
    )
    return [html.Div([title, html.Span(plural(info.n_images, "image"), className="muted"), accuracy,
                      build_histogram(info.probability_histogram, info.n_images)], className="class-title")]  # fmt: skip


def _accuracy_tip(info: ClassInfo) -> str:
    top5 = f"; top-5 {percent(info.top5_accuracy)}" if info.top5_accuracy is not None else ""
    return f"Top-1 accuracy: {percent(info.top1_accuracy)} of {info.n_images:,} images{top5}."


def build_summary(graph: Graph) -> Component:
    return html.Span(
        [html.B(str(len(graph.nodes))), " channels, ", html.B(str(len(graph.edges))), " influences"],
        className="summary",
        **{"data-tip": "Channels of highest personalized PageRank for this class, and the influences between them."},
    )


def build_gutter(graph: Graph) -> list[Component]:
    """A label per layer that has channels, at the height of its row."""
    sizes = {layer: sum(node.at.layer == layer for node in graph.nodes) for layer in graph.layers}
    return [
        build_action(
            [html.Span(layer, className="row-layer"), html.Span(plural(n, "channel"), className="row-count")],
            {"layer": layer}, "gutter-row", **{"data-layer": layer},
        )
        for layer, n in sizes.items()
        if n
    ]  # fmt: skip


def build_unknown_class(store: RunStore, key: str, found: Any) -> Component:
    ids_ = list(store.classes)
    return build_empty_state(
        f"A class is a number from {ids_[0]} to {ids_[-1]}." if ids_ else "This run has no classes.",
        f"The link says {key}={found}.",
        "Choose a class from the list." if key == "class" else "Choose the second class above.",
    )


def build_no_graph(info: ClassInfo) -> Component:
    return build_empty_state(
        "A class has an attribution graph once the stage graphs has run.",
        f"This run holds none for {info.short_name}.",
        "Run `summit-dash precompute` again on this run with `--stages graphs`.",
    )

