"""The tools around the graph of an image: its table, its files, its pins, and the way of the keyboard through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from summit_dash.graph.elements import Element
from summit_dash.graph.image_overlay import ImageGraph
from summit_dash.graph.image_rows import (
    ChannelRow,
    list_channel_rows,
    list_influence_rows,
    write_csv,
    write_json,
)
from summit_dash.live.shelf import Shelf
from summit_dash.pages.components import build_action, build_icon
from summit_dash.pages.images_tab import Question, build_choices
from summit_dash.run.graphs import Graph
from summit_dash.run.text import format_plural

__all__ = ["build_pin", "build_table", "build_tools", "build_walk", "build_zoom", "read_pins"]

_N_SOURCES = 3
_VIEWS = (("graph", "Graph", ""), ("table", "Table", "The channels of both graphs in numbers."))
_ZOOM = (("in", "plus", "Zoom in", "+"), ("out", "minus", "Zoom out", "-"), ("fit", "fit", "Fit to the window", "0"))


def read_pins(asked: Mapping[str, Any]) -> list[str]:
    """Reads the ids of the channels that the address pins."""
    pins = asked.get("pins")
    return [str(each) for each in pins] if isinstance(pins, list) else []


def build_tools(question: Question, graph: Graph, image: ImageGraph) -> list[Component]:
    """Builds the choice between graph and table, the menu of files, and what is pinned."""
    pins = read_pins(question.asked)
    shown = question.asked.get("as") or "graph"
    tools = [build_choices("Graph or table", "as", _VIEWS, shown), _build_files(question, graph, image, shown)]
    if pins:
        words = f"{format_plural(len(pins), 'channel')} pinned"
        tip = f"Only what is connected with {', '.join(pins)} is drawn."
        tools.append(build_action([build_icon("pin"), words, build_icon("close")], {"pins": []}, "tool", tip))
    return tools


def _build_files(question: Question, graph: Graph, image: ImageGraph, shown: str) -> Component:
    """Builds the menu of the files of an image's graph; they lie beside the visit's pictures."""
    shelf: Shelf = question.visit.shelf
    rows, influences = list_channel_rows(graph, image), list_influence_rows(graph, image)
    facts = {"run": question.store.name, "target": question.words, "class_id": question.asked.get("class_id")}
    files = (
        ("JSON", "json", "image-graph.json", write_json(facts, rows, influences)),
        ("CSV of the channels", "csv", "image-graph-channels.csv", write_csv(ChannelRow._fields, rows)),
        ("CSV of the influences", "csv", "image-graph-influences.csv",
         write_csv(("source", "target", "part"), influences)),
    )  # fmt: skip
    links = [
        html.A(title, href=shelf.put(content, kind), download=name, className="images-file")
        for title, kind, name, content in files
    ]
    picture = html.Button("PNG", type="button", className="images-file", **{"data-images-tool": "png"})
    return html.Details(
        [html.Summary("Save as a file"), html.Div([*([picture] if shown == "graph" else []), *links])],
        className="images-files",
    )


def build_table(question: Question, graph: Graph, image: ImageGraph) -> dict[str, Any]:
    """Builds the rows of the table, which the browser draws and sorts: the same words that the graph has."""
    name = question.store.classes[question.asked["class_id"]].short_name
    rows = [
        {
            "layer": row.layer,
            "channel": row.channel,
            "cells": [row.part, _format(row.activation), _format(row.attribution, "+"),
                      "–" if row.n_images is None else f"{row.n_images:,}", ", ".join(row.sources[:_N_SOURCES])],
        }
        for row in list_channel_rows(graph, image)
    ]  # fmt: skip
    heads = [
        ("Layer", False), ("Channel", False), ("In", False), ("Activation", True), ("Attribution", True),
        (f"Images of {name}", True), ("Sources", False),
    ]  # fmt: skip
    caption = f"The graph of this image over that of {name}"
    return {"caption": caption, "heads": heads, "rows": rows}


def _format(value: float | None, sign: str = "") -> str:
    return "–" if value is None else f"{value:{sign}.3g}"


def build_pin(question: Question, name: str) -> Component:
    """Builds the button that pins a channel, or takes its pin away."""
    pins = read_pins(question.asked)
    rest = [each for each in pins if each != name]
    words = "Unpin" if name in pins else "Pin: draw only what is connected with it"
    return build_action([build_icon("pin"), words], {"pins": rest if name in pins else [*pins, name]}, "tool")


def build_walk(elements: Sequence[Element]) -> Component:
    """Builds the keyboard's way through the graph: its channels as buttons off the screen, one Tab stop in all."""
    nodes = [each for each in elements if "source" not in each["data"]]
    nodes.sort(key=lambda each: (each["position"]["y"], each["position"]["x"]))
    buttons = []
    for place, each in enumerate(nodes):
        data = each["data"]
        words = ", ".join([data["id"], *data.get("notes", [])])
        action = {"layer": data["layer"], "channel": data["channel"]}
        buttons.append(
            build_action(words, action, "images-step", tabIndex=0 if place == 0 else -1, **{"data-node": data["id"]})
        )
    label = "Channels of the graph: arrow keys walk, Enter opens, p pins"
    return html.Div(buttons, className="images-walk", role="group", **{"aria-label": label})


def build_zoom() -> Component:
    """Builds the buttons of the zoom."""
    buttons = [
        html.Button(
            build_icon(icon),
            type="button",
            className="icon-button small",
            **{"data-images-tool": name, "aria-label": label, "data-tip": f"{label}  {key}"},
        )
        for name, icon, label, key in _ZOOM
    ]
    return html.Div(buttons, className="zoom-tools")
