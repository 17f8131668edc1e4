"""One channel: its picture, its dataset examples, what drives it, what it drives, and the classes that use it most."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, html
from dash.development.base_component import Component

from precompute.schema import ALL_CLASSES
from summit_dash import ids
from summit_dash.components import (
    build_action,
    build_bar_row,
    build_empty_state,
    build_icon,
    build_measure,
    build_picture,
    build_problem,
    build_term,
)
from summit_dash.graphs import Channel, Edge
from summit_dash.measures import Link
from summit_dash.settings import Settings
from summit_dash.store import ClassInfo, Example, InputError, RunStore
from summit_dash.stores import Stores
from summit_dash.text import class_labels, count, of, percent, plural

__all__ = ["build_layout", "build_panel", "register_callbacks"]


def build_layout() -> Component:
    return html.Aside(id=ids.PANEL, className="panel", hidden=True, **{"aria-label": "Channel"})


def register_callbacks(app: Dash, stores: Stores, settings: Settings) -> None:
    @app.callback(
        Output(ids.PANEL, "children"),
        Output(ids.PANEL, "hidden"),
        Input(ids.PANEL_PART, "data"),
        prevent_initial_call=True,
    )
    def show_channel(part: dict) -> tuple[list[Component] | None, bool]:
        unread = dict(part.get("unread", ()))
        if part["channel"] is None and "channel" not in unread:
            return None, True
        store = stores.pick(part["run"])
        problem = find_problem(store, part, unread)
        if problem:
            return [_build_head(html.H2("Channel")), problem], False
        return build_panel(store, part, settings), False


def find_problem(store: RunStore, part: dict[str, Any], unread: dict[str, str]) -> Component | None:
    """What is wrong with the layer or channel that a link names."""
    layer = store.layers.get(part["layer"])
    if layer is None:
        rule = f"A channel belongs to one of the layers {', '.join(store.layer_names)}."
        return build_empty_state(
            rule, f"The link says layer={part['layer']}.", "Choose a layer or a node of the graph."
        )
    asked = unread.get("channel", part["channel"])
    if not isinstance(asked, int) or not 0 <= asked < layer.n_channels:
        rule = f"A channel of {layer.layer} is a number from 0 to {layer.n_channels - 1}."
        return build_empty_state(rule, f"The link says channel={asked}.", "Click a node of the graph.")
    return None


def build_panel(store: RunStore, part: dict[str, Any], settings: Settings) -> list[Component]:
    """The panel of an existing channel; a section whose table is missing says so."""
    at = Channel(part["layer"], part["channel"])
    info = store.classes.get(part["class_id"])
    prefix = settings.url_prefix
    sections = [_section(_build_examples, store, at, None, prefix)]
    if info:
        sections.append(_section(_build_influences, store, at, info, settings))
    sections.append(_section(_build_classes, store, at, info, settings))
    pin = html.H2(
        [html.Span(at.layer, className="muted"), html.Span(f"-{at.channel}")], **{"data-tip": "Layer and channel"}
    )
    return [_build_head(pin), html.Div([_build_identity(store, at, part, prefix), *sections], className="panel-body")]


def _section(build: Any, *arguments: Any) -> Component:
    try:
        return html.Div(build(*arguments))
    except InputError as problem:
        return build_problem(problem)


def _build_head(title: Component) -> Component:
    close = build_action(
        build_icon("close"), {"channel": None}, "icon-button", "Close  Esc", **{"aria-label": "Close the channel"}
    )
    return html.Div([title, close], className="panel-head")


def _build_identity(store: RunStore, at: Channel, part: dict[str, Any], prefix: str) -> Component:
    thumbnail = store.thumbnail(at, prefix)
    kind = (
        "Best dataset example: this run holds no feature visualization of the channel."
        if thumbnail.is_example
        else ("Feature visualization: an image optimised to excite the channel.")
    )
    facts: list[Component] = [html.P(_in_graphs(store, at), className="in-graphs")]
    shown = [part["class_id"], *([part["vs"]] if part["view"] == "compare" else [])]
    infos = [store.classes[c] for c in shown if c in store.classes]
    for letter, info in zip("AB" if len(infos) > 1 else " ", infos, strict=False):
        facts.append(_build_use(store, at, info, letter.strip()))
    caption = html.Span(
        "example, no visualization" if thumbnail.is_example else "feature visualization", className="caption"
    )
    picture = html.Div([build_picture(thumbnail, f"{at.channel_id}", "portrait"), caption], **{"data-tip": kind})
    return html.Div([picture, html.Div(facts, className="identity-facts")], className="identity")


def _in_graphs(store: RunStore, at: Channel) -> list[Any]:
    if not store.has("attribution_graph_nodes"):
        return []
    return ["in the graphs of ", html.B(of(store.n_graphs_with(at), len(store.classes))), " classes"]


def _build_use(store: RunStore, at: Channel, info: ClassInfo, letter: str) -> Component:
    if not store.has("activations"):
        return html.P()
    n = int(store.counts(at.layer)[store.row_of(info.class_id), at.channel])
    badge = [html.Span(letter, className=f"badge badge-{letter.lower()}"), " "] if letter else []
    share = percent(n / info.n_images if info.n_images else None)
    tip = "Images of the class among whose strongest channels of the layer this one is."
    return html.P(
        [
            *badge,
            info.short_name,
            ": ",
            html.B(share),
            html.Br(),
            html.Span(f"{of(n, info.n_images)} images", className="muted"),
        ],
        **{"data-tip": tip},
    )


def _build_examples(store: RunStore, at: Channel, _: None, prefix: str) -> list[Component]:
    examples = store.examples(at, ALL_CLASSES)
    pictures = [
        html.Span(
            html.Img(src=store.example_url(at, ALL_CLASSES, e.rank, prefix), alt=f"example {e.rank + 1}"),
            className="picture",
            **{"data-tip": f"No. {e.rank + 1}{_describe(e)}"},
        )
        for e in examples
    ]
    title = build_term(
        f"{len(examples)} dataset examples",
        "Crops of the images that excite the channel most, over all classes, strongest first.",
    )
    missing = html.P("This run holds none for the channel.", className="muted")
    return [html.H3(title), html.Div(pictures, className="examples") if pictures else missing]


def _describe(example: Example) -> str:
    """Image and activation, where the run tells them."""
    if example.image_id is None or example.activation is None:
        return ""
    return f": image {example.image_id}, activation {example.activation:.3g}"


def _build_influences(store: RunStore, at: Channel, info: ClassInfo, settings: Settings) -> list[Component]:
    kept = {node.at for node in store.graph(info.class_id).nodes} if store.has("attribution_graph_nodes") else set()
    sources = store.sources(info.class_id, at, settings.n_sources)
    targets = store.targets(info.class_id, at, settings.n_sources)
    n = f"n = {plural(info.n_images, 'image')}"
    on = [link for link in store.links.values() if link.target == at.layer]
    by = [link for link in store.links.values() if at.layer in link.sources]
    meaning = "Images in which the {0} among the strongest five influences on the {1}; " + f"{n} of {info.short_name}."
    return [
        _build_heading("Strongest sources", meaning.format("source is", "channel"), n, on),
        _build_ends(
            [(e, e.source) for e in sources],
            info,
            store,
            kept,
            settings,
            "None recorded: this is the first layer." if at.layer == store.layer_names[0] else "None recorded.",
        ),
        _build_heading("Strongest targets", meaning.format("channel is", "target"), n, by),
        _build_ends(
            [(e, e.target) for e in targets],
            info,
            store,
            kept,
            settings,
            "None recorded: this is the last layer." if at.layer == store.layer_names[-1] else "None recorded.",
        ),
    ]


def _build_heading(title: str, meaning: str, n: str, links: list[Link]) -> Component:
    """The heading of a list of influences, with their measure where the run tells."""
    words = html.Span([build_term(title, meaning), build_measure(links)], className="heading-words")
    return html.H3([words, html.Span(n, className="n")])


def _build_ends(
    ends: list[tuple[Edge, Channel]],
    info: ClassInfo,
    store: RunStore,
    kept: set[Channel],
    settings: Settings,
    none: str,
) -> Component:
    """The other ends of a channel's influences; those outside the graph are marked."""
    if not ends:
        return html.P(none, className="muted")
    rows = []
    for edge, at in ends:
        n = edge.influence_count
        tip = f"{of(n, info.n_images)} images" + ("" if at in kept else ", not in the graph")
        name = [at.channel_id, html.Span("not in graph", className="outside")] if at not in kept else at.channel_id
        picture = build_picture(store.thumbnail(at, settings.url_prefix), at.channel_id)
        action = {"layer": at.layer, "channel": at.channel}
        rows.append(build_bar_row(picture, name, count(n), n / max(1, info.n_images), action, tip))
    return html.Div(rows, className="rows")


def _build_classes(store: RunStore, at: Channel, info: ClassInfo | None, settings: Settings) -> list[Component]:
    labels = class_labels(store.classes)
    rows = []
    for use in store.uses(at)[: settings.n_top_classes]:
        name, mark = labels[use.class_id]
        mine = " this" if info and info.class_id == use.class_id else ""
        full = " · ".join(filter(None, (store.classes[use.class_id].class_name, store.classes[use.class_id].group)))
        tip = f"{full}: {of(use.activation_count, use.n_images)} images"
        action = {"class_id": use.class_id, "layer": at.layer, "channel": at.channel}
        label = html.Span(
            [name, html.Span(f" {mark}", className="mark") if mark else None], className=f"class-name{mine}"
        )
        rows.append(build_bar_row(None, label, percent(use.fraction), use.fraction, action, tip))
    title = build_term("Classes that use it most", "By the share of their images among whose strongest channels it is.")
    return [html.H3(title), html.Div(rows, className="rows") if rows else html.P("No class: in no image's set.")]
