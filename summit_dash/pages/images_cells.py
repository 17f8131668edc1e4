"""The tab of cells: a layer's grid over the image, with the channels of every cell as pictures, and its heat."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from summit_dash.figures.look import fade
from summit_dash.graph.theme import COLOR_A, COLOR_B
from summit_dash.live.job import Ticket, View
from summit_dash.pages.images_parts import build_message, describe_wait
from summit_dash.pages.images_tab import Question, Tab, build_choices, build_layers, locate_picture

__all__ = ["MOST_CELLS", "TAB", "color_cells"]

MOST_CELLS = 24 * 24
"""Cells of a layer that are drawn; a finer grid could not be read."""
_FOR, _AGAINST = "#B2182B", "#2166AC"
_STRONGEST = 0.85
"""Opacity of the cell that says most; the image is seen through it."""
_ORDERS = (
    ("value", "Value", "The channels of the greatest value in a cell."),
    ("relative", "Value / greatest", "Value as a share of the channel's greatest on the run's images."),
    ("attribution", "Attribution", "The channels that speak for the target most in a cell: value times gradient."),
)


def _ask(question: Question) -> list[Ticket]:
    asked = question.asked
    return [
        question.live.map_cells(question.subject, asked.get("at"), asked.get("by") or "value"),
    ]


def _build(question: Question, views: Sequence[View], place: int) -> list[Component]:
    """Builds the choice of layer and order, the two grids, and the place for the cell under the pointer."""
    (view,) = views
    result = view.result
    chosen = question.asked.get("at") or (result and result["layer"])
    head = html.Div(
        [
            build_layers(question.store, chosen, MOST_CELLS),
            build_choices("Order of channels", "by", _ORDERS, question.asked.get("by") or "value"),
        ],
        className="images-choices",
    )
    if view.problem is not None:
        return [head, build_message(view.problem)]
    if result is None:
        return [head, html.P(describe_wait(view, place, "The cells are computed"), role="status", className="muted")]
    if result["heat"].size > MOST_CELLS:
        height, width = result["heat"].shape
        words = f"{chosen} has {height} x {width} cells, too fine to be read. Choose a later layer."
        return [head, html.P(words, className="muted")]
    return [head, _describe_heat(question), _build_grids(question, result)]


TAB = Tab("cells", "Cells", "Where the layer sees what: its grid over the image", _ask, _build)


def _describe_heat(question: Question) -> Component:
    names = question.prediction["names"]
    if question.against is None:
        words = f"Colour: what a cell says for {question.words} (red) or against it (blue), value times gradient."
    else:
        words = (
            f"Colour: orange where a cell speaks for {names[question.target]}, blue where for "
            f"{names[question.against]}, value times gradient of each."
        )
    return html.P(
        f"{words} Point at a cell, or move with Tab: its channels are listed at the right.", className="muted"
    )


def _build_grids(question: Question, result: Mapping[str, Any]) -> Component:
    """Builds the image with the heat of its cells, the same cells as pictures, and the list of one cell."""
    height, width = result["heat"].shape
    colors = color_cells(result["heat"], result["heat_against"])
    heat_cells, picture_cells = [], []
    for index in range(height * width):
        row, column = divmod(index, width)
        heat, picture = _build_cell(question, result, (row, column), colors[index])
        heat_cells.append(heat)
        picture_cells.append(picture)
    style = {"gridTemplateColumns": f"repeat({width}, 1fr)", "gridTemplateRows": f"repeat({height}, 1fr)"}
    seen = html.Img(src=question.visit.shelf.put(question.prediction["picture"]), alt="", className="cells-under")
    heat_grid = html.Div([seen, html.Div(heat_cells, className="cells-grid", style=style)], className="cells-box")
    picture_grid = html.Div(
        [html.Div(picture_cells, className="cells-grid is-pictures", style=style)], className="cells-box"
    )
    listed = html.Div(
        [html.P("No cell is chosen.", className="muted")], className="cells-list", id="cells-list", role="status"
    )
    return html.Div([heat_grid, picture_grid, listed], className="cells")


def _build_cell(
    question: Question, result: Mapping[str, Any], at: tuple[int, int], color: str
) -> tuple[Component, Component]:
    """Builds a cell of both grids; what the list shows of it is in its data."""
    layer, store = result["layer"], question.store
    pairs = zip(result["channels"][at].tolist(), result["strengths"][at].tolist(), strict=True)
    channels = [
        {"channel": channel, "name": f"{layer}-{channel}", "strength": f"{strength:.3g}",
         "picture": locate_picture(store, layer, channel)}
        for channel, strength in pairs
        if channel >= 0
    ]  # fmt: skip
    words = f"Row {at[0] + 1}, column {at[1] + 1}"
    heat = f"{float(result['heat'][at]):.3g}"
    data = json.dumps({"title": words, "heat": heat, "layer": layer, "channels": channels})
    index = f"{at[0]}-{at[1]}"
    named = f"{words}: {', '.join(each['name'] for each in channels) or 'no channel'}"
    common = {"data-cell": data, "data-index": index}
    best = channels[0]["picture"] if channels else None
    action = {"layer": layer, "channel": channels[0]["channel"]} if channels else {}
    own = {"data-action": json.dumps(action)} if action else {}
    picture = html.Button(
        html.Img(src=best, alt="") if best else html.Span(channels[0]["channel"] if channels else ""),
        type="button",
        className="cells-cell",
        **{"aria-label": named},
        **common,
        **own,
    )
    return html.Span(className="cells-cell", style={"background": color}, **common), picture


def color_cells(heat: NDArray[np.float32], against: NDArray[np.float32] | None) -> list[str]:
    """Computes the colour of every cell, row by row: the farther from zero, the more opaque.

    Args:
        heat: `(row, column)`, for one class.
        against: the same for the other class; None where there is none. Each class then has its own half of a cell.
    """
    if against is None:
        greatest = float(np.abs(heat).max(initial=0)) or 1.0
        return [
            fade(_FOR if value >= 0 else _AGAINST, _STRONGEST * abs(value) / greatest)
            for value in heat.ravel().tolist()
        ]
    greatest = float(max(heat.max(initial=0), against.max(initial=0))) or 1.0
    pairs = zip(heat.ravel().tolist(), against.ravel().tolist(), strict=True)
    return [
        f"linear-gradient(135deg, {fade(COLOR_A, _STRONGEST * max(a, 0) / greatest)} 50%, "
        f"{fade(COLOR_B, _STRONGEST * max(b, 0) / greatest)} 50%)"
        for a, b in pairs
    ]
