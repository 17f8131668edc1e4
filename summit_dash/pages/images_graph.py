"""The tab of the graph: the image's own channels and influences, laid over the graph of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_cytoscape
from dash import html
from dash.development.base_component import Component

from precompute.contract.errors import InputError
from precompute.contract.output_meanings import find_recorded_outputs
from summit_dash.graph.comparison import Part
from summit_dash.graph.elements import Element
from summit_dash.graph.image_overlay import ImageGraph, build_overlay_elements, describe_overlay, read_image_graph
from summit_dash.graph.image_rows import keep_connected
from summit_dash.graph.stylesheet import build_stylesheet
from summit_dash.live.job import Ticket, View
from summit_dash.pages import images_graph_tools as tools
from summit_dash.pages import images_ids
from summit_dash.pages.components import build_action
from summit_dash.pages.images_maps import build_overlay
from summit_dash.pages.images_parts import build_message, describe_wait
from summit_dash.pages.images_tab import Question, Tab, build_channel, locate_picture
from summit_dash.run.graphs import Channel, Graph
from summit_dash.run.missing_graph import explain_missing_graph
from summit_dash.run.text import format_plural

__all__ = ["TAB", "build_canvas", "build_elements", "build_probe", "build_rows"]


def build_canvas(elements: list[Element], theme: str) -> list[Component]:
    """Builds the component that draws the graph, in the look of a theme, `light` or `dark`, and the keyboard's way."""
    drawn = dash_cytoscape.Cytoscape(
        id=images_ids.GRAPH,
        className="images-graph-canvas",
        style={"width": "100%", "height": "100%"},
        elements=elements,
        stylesheet=build_stylesheet(theme),
        layout={"name": "preset", "fit": True, "padding": 24},
        minZoom=0.1,
        maxZoom=3,
        autoungrabify=True,
        autounselectify=True,
        boxSelectionEnabled=False,
        responsive=True,
    )
    return [drawn, tools.build_walk(elements)]


def _read_probe(question: Question) -> tuple[str, int] | None:
    """Reads the channel under the pointer."""
    probe = question.asked.get("probe") or {}
    layer, channel = probe.get("layer"), probe.get("channel")
    if layer not in question.store.layers or not isinstance(channel, int):
        return None
    return str(layer), channel


def _read_class(question: Question) -> int | None:
    """Reads the class whose graph is beneath the image's; None where the address names none of the run."""
    class_id = question.asked.get("class_id")
    return class_id if class_id in question.store.classes else None


def _ask(question: Question) -> list[Ticket]:
    live, subject = question.live, question.subject
    tickets = [live.build_graph(subject)]
    probe = _read_probe(question)
    if probe is not None and tickets[0].view.state == "done":
        tickets.append(live.trace(subject, probe[0], [probe[1]]))
    return tickets


def _build(question: Question, views: Sequence[View], place: int) -> list[Component]:
    """Builds what is said of the whole graph; the graph itself is drawn by `build_elements`."""
    view, store = views[0], question.store
    class_id = _read_class(question)
    if view.problem is not None:
        return [build_message(view.problem)]
    if class_id is None:
        problem = InputError("The image's graph is laid over that of a class.", "None is chosen.", "Choose one.")
        return [build_message(problem)]
    if not store.graph(class_id).nodes:
        return [build_message(explain_missing_graph(store, store.classes[class_id]))]
    if view.result is None:
        return [html.P(describe_wait(view, place, "The image's graph"), role="status", className="muted")]
    comparison = describe_overlay(store.graph(class_id), read_image_graph(view.result))
    name = store.classes[class_id].short_name
    counts = (comparison.count(part) for part in (Part.SHARED, Part.ONLY_B, Part.ONLY_A))
    shared, image, of_class = counts
    words = (
        f"{format_plural(shared, 'channel')} in both graphs (grey), {image:,} only in this image's (blue, dashed), "
        f"{of_class:,} only in that of {name} (orange). ▲ speaks for {question.words}, ▼ against it. Point at a "
        "channel of the image to see where it does."
    )
    return [
        html.Div(
            [
                html.H3(f"This image over {name}"),
                *tools.build_tools(question, store.graph(class_id), read_image_graph(view.result)),
                *_build_other(question, class_id),
            ],
            className="images-choices",
        ),
        html.P(words, className="muted"),
    ]


def _build_other(question: Question, class_id: int) -> list[Component]:
    """Builds the choice of the class that the model predicted, where the graph of another one is shown."""
    store = question.store
    best = question.prediction["outputs"][0]["output"]
    outputs = find_recorded_outputs(store.manifest.get("dataset", {}), store.classes)
    predicted = next((each for each, meant in outputs.items() if best in meant), None)
    if predicted is None or predicted == class_id:
        return []
    words = f"Over the predicted class, {store.classes[predicted].short_name}"
    return [build_action(words, {"class_id": predicted}, "link", "Choose this class at the left")]


TAB = Tab("graph", "Graph", "The image's channels and influences over those of the class", _ask, _build)


def build_elements(question: Question, views: Sequence[View]) -> list[Element]:
    """Builds the elements of the graph; empty while it is not known, and where its table is shown."""
    store = question.store
    known = _read_graphs(question, views)
    if known is None or question.asked.get("as") == "table":
        return []
    info = store.classes[question.asked["class_id"]]
    elements = build_overlay_elements(
        *known,
        ((info.short_name, info.n_images), "this image"),
        store.pictures.get_picture_kind,
        lambda channel: locate_picture(store, channel.layer, channel.channel),
    )
    return keep_connected(elements, tools.read_pins(question.asked))


def build_rows(question: Question, views: Sequence[View]) -> dict[str, Any] | None:
    """Builds the table of the graph; None while it is not known, and where the graph is shown."""
    known = _read_graphs(question, views)
    if known is None or question.asked.get("as") != "table":
        return None
    return tools.build_table(question, *known)


def _read_graphs(question: Question, views: Sequence[View]) -> tuple[Graph, ImageGraph] | None:
    """Reads the graphs of the class and of the image; None while one of them is not known."""
    class_id, result = _read_class(question), views[0].result
    if result is None or class_id is None or not question.store.graph(class_id).nodes:
        return None
    return question.store.graph(class_id), read_image_graph(result)


def build_probe(question: Question, views: Sequence[View]) -> list[Component]:
    """Builds what is known of the channel under the pointer: activation, attribution, and relevance on the image."""
    probe = _read_probe(question)
    if probe is None or views[0].result is None:
        return []
    known = read_image_graph(views[0].result).channels.get(Channel(*probe))
    head = build_channel(question.store, *probe)
    pin = tools.build_pin(question, f"{probe[0]}-{probe[1]}")
    if known is None:
        return [head, pin, html.P("Not among the strongest channels of this image.", className="muted")]
    figures = html.P(f"Activation {known[0]:.3g}; attribution to {question.words} {known[1]:+.3g}.", className="muted")
    return [head, pin, figures, *_build_traced(question, views)]


def _build_traced(question: Question, views: Sequence[View]) -> list[Component]:
    if len(views) < 2:
        return []
    if views[1].problem is not None:
        return [build_message(views[1].problem)]
    if not views[1].parts:
        return [html.Div(className="images-map is-waiting")]
    part: Mapping[str, Any] = views[1].parts[0]
    return [build_overlay(question.visit.shelf, part["picture"], "Relevance through the channel")]
