"""The attribution graph of a class, or of two laid over each other: one canvas for both views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import dash_cytoscape as cyto
from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from dash_mantine_components import Slider

from summit_dash import ids
from summit_dash.comparison import compare
from summit_dash.components import (
    build_action,
    build_empty_state,
    build_histogram,
    build_icon,
    build_measure,
    build_problem,
    build_term,
)
from summit_dash.elements import Pictures, build_comparison_elements, build_graph_elements
from summit_dash.graphs import Graph
from summit_dash.measures import Link, describe
from summit_dash.store import ClassInfo, InputError, RunStore
from summit_dash.stores import Stores
from summit_dash.text import accuracy_tip, class_labels, percent, plural
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


_OUTPUTS = (
    (ids.GRAPH, "elements"),
    (ids.GRAPH_BAR, "children"),
    (ids.GRAPH_GUTTER, "children"),
    (ids.GRAPH_EMPTY, "children"),
    (ids.GRAPH_ROWS, "children"),
    (ids.VERSUS_LEAD, "children"),
    (ids.VERSUS_FACTS, "children"),
)


class Drawing(NamedTuple):
    """All that the view shows for a selection, in the order of `_OUTPUTS`."""

    elements: list[dict[str, Any]] = []  # noqa: RUF012 - never changed
    bar: list[Component] = []  # noqa: RUF012
    gutter: list[Component] = []  # noqa: RUF012
    empty: Component | None = None
    legend: Component | None = None
    lead: list[Component] | Component = html.Span("vs", className="muted")
    facts: list[Component] = []  # noqa: RUF012


def build_layout(stores: Stores, stylesheets: dict[str, list[dict[str, Any]]], panel: Component) -> list[Component]:
    fit = html.Button(
        build_icon("fit"),
        id="fit",
        type="button",
        className="icon-button",
        **{"aria-label": "Fit to the window", "data-tip": "Fit to the window  f"},
    )
    sliders = [_build_slider(*slider) for slider in _SLIDERS]
    canvas = cyto.Cytoscape(
        id=ids.GRAPH,
        elements=[],
        stylesheet=stylesheets["light"],
        layout={"name": "preset", "fit": False},
        minZoom=0.1,
        maxZoom=4,
        wheelSensitivity=0.4,
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
            [html.Div(id=ids.GRAPH_BAR, className="graph-class"), compare_view.build_picker(stores)],
            className="graph-bar",
        ),
        html.Div([html.Div(id=ids.GRAPH_ROWS, className="legend"), *sliders, fit], className="graph-tools"),
        html.Div([html.Div(stage, id=ids.GRAPH_STAGE, className="graph-stage"), panel], className="stage-row"),
    ]


def _build_slider(id_: str, name: str, low: int, high: int, value: int, tip: str) -> Component:
    slider = Slider(
        id=id_,
        min=low,
        max=high,
        value=value,
        label=None,
        size=2,
        thumbSize=12,
        w=72,
        updatemode="drag",
        thumbLabel=name,
    )
    text = html.Span(f"{value} %", id=f"{id_}-value", className="slider-value")
    return html.Div(
        [html.Span(name, className="slider-name", **{"data-tip": tip}), slider, text], className=f"slider {id_}"
    )


def register_callbacks(app: Dash, stores: Stores, prefix: str) -> None:
    app.clientside_callback(ClientsideFunction("summit", "showGraph"), Input(ids.GRAPH, "elements"))
    for id_, *_ in _SLIDERS:
        app.clientside_callback(ClientsideFunction("summit", f"slide_{id_}"), Input(id_, "value"))

    @app.callback(
        [Output(id_, prop) for id_, prop in _OUTPUTS], Input(ids.GRAPH_PART, "data"), prevent_initial_call=True
    )
    def show_graph(part: dict) -> list[Any]:
        store = stores.pick(part["run"])
        try:
            return list(draw(store, part, prefix))
        except InputError as problem:
            return list(Drawing(empty=build_problem(problem)))


def draw(store: RunStore, part: dict[str, Any], prefix: str) -> Drawing:
    """All that the graph view shows for its part of the selection."""
    unread = dict(part["unread"])
    info = store.classes.get(part["class_id"])
    if info is None:
        return Drawing(empty=build_unknown_class(store, "class", unread.get("class", part["class_id"])))
    graph = store.graph(info.class_id)
    if not graph.nodes:
        return Drawing(bar=build_class(info, store), empty=build_no_graph(info))
    if part["view"] == "compare":
        return draw_comparison(store, info, (part["vs"], unread.get("vs")), prefix)
    elements = build_graph_elements(graph, info.n_images, _pictures(store, prefix))
    links = store.links_on({edge.target.layer for edge in graph.edges})
    return Drawing(elements, build_class(info, store), build_gutter(graph, links), None, build_summary(graph, links))


def draw_comparison(store: RunStore, a: ClassInfo, versus: tuple[int | None, str | None], prefix: str) -> Drawing:
    """As `draw`, for two classes; without a second one, the place to choose it."""
    vs, unread = versus
    b = store.classes.get(vs) if vs is not None else None
    bar = build_class(a, store, "A")
    asked = unread if unread is not None else vs
    if b is None and asked is None:
        return Drawing(bar=bar, empty=compare_view.build_invitation(a.short_name))
    if b is None:
        return Drawing(bar=bar, empty=build_unknown_class(store, "vs", asked))
    graphs = store.graph(a.class_id), store.graph(b.class_id)
    comparison = compare(*graphs, store.counts_of_both(a.class_id, b.class_id))
    drawn = {target.layer for _, target in comparison.edges}
    links = store.links_on(drawn)
    classes = (a.short_name, a.n_images), (b.short_name, b.n_images)
    return Drawing(
        build_comparison_elements(graphs, comparison, classes, _pictures(store, prefix)),
        bar,
        compare_view.build_gutter(comparison),
        legend=compare_view.build_legend(comparison, a.short_name, b.short_name, links),
        lead=compare_view.build_lead(b, a.class_id),
        facts=compare_view.build_facts(b),
    )


def _pictures(store: RunStore, prefix: str) -> Pictures:
    return Pictures(lambda at: store.thumbnail(at, prefix), f"{prefix}assets/example-mark.svg")


def build_class(info: ClassInfo, store: RunStore, letter: str = "") -> list[Component]:
    """Name, images, accuracy and histogram of the selected class."""
    name, mark = class_labels(store.classes)[info.class_id]
    tip = " · ".join(filter(None, (info.class_name, info.synset, info.group)))
    badge = [html.Span(letter, className="badge badge-a")] if letter else []
    title = html.H1([*badge, html.Span(name, className="name"), html.Span(mark, className="mark")], **{"data-tip": tip})
    if info.top1_accuracy is None:
        accuracy = build_term("no accuracy", accuracy_tip(info), "muted")
    else:
        accuracy = html.Span(percent(info.top1_accuracy), className="number", **{"data-tip": accuracy_tip(info)})
    return [
        html.Div(
            [
                title,
                html.Span(plural(info.n_images, "image"), className="muted"),
                accuracy,
                build_histogram(info.probability_histogram, info.n_images),
            ],
            className="class-title",
        )
    ]


def build_summary(graph: Graph, links: Sequence[Link] = ()) -> Component:
    """How much the graph holds, and how its influences were measured where the run tells."""
    summary = html.Span(
        [html.B(str(len(graph.nodes))), " channels, ", html.B(str(len(graph.edges))), " influences"],
        className="summary",
        **{"data-tip": "Channels of highest personalized PageRank for this class, and the influences between them."},
    )
    return html.Span([summary, build_measure(links)], className="summary-line")


def build_gutter(graph: Graph, links: Sequence[Link] = ()) -> list[Component]:
    """A label per layer that has channels, at the height of its row; tells how influences on it were measured."""
    tips = {link.target: f"Influences on {link.target}. {describe(link)}" for link in links}
    sizes = {layer: sum(node.at.layer == layer for node in graph.nodes) for layer in graph.layers}
    return [
        build_action(
            [html.Span(layer, className="row-layer"), html.Span(plural(n, "channel"), className="row-count")],
            {"layer": layer},
            "gutter-row",
            tips.get(layer, ""),
            **{"data-layer": layer},
        )
        for layer, n in sizes.items()
        if n
    ]


def build_unknown_class(store: RunStore, key: str, found: Any) -> Component:
    return build_empty_state(
        _class_rule(list(store.classes)),
        f"The link says {key}={found}.",
        "Choose a class from the list." if key == "class" else "Choose the second class above.",
    )


def _class_rule(class_ids: list[int]) -> str:
    """What a class in an address may be; the ids of a part of a larger dataset have gaps."""
    if not class_ids:
        return "This run has no classes."
    extent = f"from {class_ids[0]} to {class_ids[-1]}"
    if len(class_ids) == class_ids[-1] - class_ids[0] + 1:
        return f"A class is a number {extent}."
    return f"A class is one of this run's {len(class_ids):,} numbers {extent}, not all of which are there."


def build_no_graph(info: ClassInfo) -> Component:
    return build_empty_state(
        "A class has an attribution graph once the stage graphs has run.",
        f"This run holds none for {info.short_name}.",
        "Run `summit-dash precompute` again on this run with `--stages graphs`.",
    )
