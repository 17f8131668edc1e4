"""Confusions as a heat map: a row per class or group, a column per what its images were taken for."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from summit_dash.figures.look import RAMPS, build_layout, check_theme
from summit_dash.run.class_groups import group_classes
from summit_dash.run.confusion_map import Cell, ConfusionMap, Side
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_part, format_percent, label_classes

__all__ = ["build_confusion_figure", "name_sides"]

_FEW = 40
"""Number of rows up to which each cell states its number of images."""
_LIGHT = 0.6
"""Part of the scale from which a cell is so light that its text is dark."""
_INK, _PAPER = "#1B1F27", "#FFFFFF"
_PLACE = {"lenmode": "pixels", "len": 200, "y": 1, "yanchor": "top"}
"""Length and place of the scale."""
_LETTER = 6.4
"""Width of a letter in pixels."""


def build_confusion_figure(
    store: RunStore, found: ConfusionMap, folded: bool = False, theme: str = "light"
) -> go.Figure:
    """Builds the heat map of confusions. Cells are bars one wide and one high, which plotly's basic bundle can draw.

    Args:
        store: the run.
        found: rows and cells, of classes or of groups.
        folded: the rows are groups.
        theme: `light` or `dark`.

    Returns:
        A figure of fixed size. The colour of a cell is the share of the row's images, in percent. `customdata` of a
        cell is the pair of classes to compare.

    Raises:
        InputError: there is no theme of this name.
    """
    names, side = name_sides(store, found, folded), _choose_side(len(found.sides))
    margin = 24 + _LETTER * max(map(len, names), default=0)
    axis = _build_axis(theme, names)
    layout = build_layout(
        theme,
        size=11,
        barmode="overlay",
        bargap=0,
        xaxis={**axis, "side": "top", "tickangle": -90, "title": {"text": "taken for", "standoff": 4}},
        yaxis={**axis, "autorange": False, "range": [len(names) - 0.5, -0.5]},
        width=margin + side * len(names) + 96,
        height=margin + 28 + side * len(names),
        margin={"l": margin, "r": 96, "t": margin + 20, "b": 8},
        shapes=[] if folded else _build_borders(found, theme),
    )
    cells = _build_cells(found, names, folded, store, theme)
    return go.Figure([cells, _build_scale(found, theme)], layout)


def name_sides(store: RunStore, found: ConfusionMap, folded: bool) -> list[str]:
    """Returns the names of the rows, those of groups or of classes."""
    if folded:
        groups = group_classes(store.classes)
        return [groups[side.key].name for side in found.sides]
    labels = label_classes(store.classes)
    return [" ".join(filter(None, labels[side.key])) for side in found.sides]


def _choose_side(n: int) -> int:
    """Returns the side of a cell in pixels: smaller where there are more."""
    return 40 if n <= 14 else 24 if n <= _FEW else 17


def _build_axis(theme: str, names: list[str]) -> dict[str, Any]:
    return {
        "range": [-0.5, len(names) - 0.5],
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "tickfont": {"color": check_theme(theme).ink},
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
    }


def _build_cells(found: ConfusionMap, names: list[str], folded: bool, store: RunStore, theme: str) -> go.Bar:
    shares, most = _list_shares(found)
    ramp = RAMPS[theme]
    few = len(names) <= _FEW
    return go.Bar(
        x=[cell.column for cell in found.cells],
        y=np.ones(len(found.cells)).tolist(),
        base=[cell.row - 0.5 for cell in found.cells],
        width=1,
        customdata=[[cell.class_id, cell.taken_for] for cell in found.cells],
        text=[f"{cell.n_images:,}" for cell in found.cells] if few else None,
        textposition="inside" if few else "none",
        insidetextanchor="middle",
        textangle=0,
        insidetextfont={"color": [_INK if share > _LIGHT * most else _PAPER for share in shares]},
        marker={
            "color": [ramp[round((len(ramp) - 1) * share / most)] for share in shares],
            "line": {"width": 1, "color": check_theme(theme).paper},
        },
        hovertext=[_describe(cell, found.sides[cell.row], names, folded, store) for cell in found.cells],
        hoverinfo="text",
    )


def _list_shares(found: ConfusionMap) -> tuple[list[float], float]:
    """Returns the percentages of the cells, and the greatest of them."""
    shares = [100 * _divide(cell, found.sides[cell.row]) for cell in found.cells]
    return shares, max(shares, default=1.0)


def _build_scale(found: ConfusionMap, theme: str) -> go.Scatter:
    """Returns a trace without points that brings the scale: plotly finds no ink for text on numbers as colours."""
    bar = {"title": {"text": "% of the row", "side": "right"}, "thickness": 8, "outlinewidth": 0, **_PLACE}
    colors = {"color": [0], "cmin": 0, "cmax": _list_shares(found)[1], "colorscale": list(RAMPS[theme])}
    return go.Scatter(
        x=[None], y=[None], mode="markers", hoverinfo="skip", marker={**colors, "showscale": True, "colorbar": bar}
    )


def _divide(cell: Cell, side: Side) -> float:
    return cell.n_images / side.n_images if side.n_images else 0.0


def _describe(cell: Cell, side: Side, names: list[str], folded: bool, store: RunStore) -> str:
    said = f"{format_part(cell.n_images, side.n_images)} images ({format_percent(_divide(cell, side))})"
    words = f"{names[cell.row]} taken for {names[cell.column]}:<br>{said}"
    if folded:
        first, second = (store.classes[each].short_name for each in (cell.class_id, cell.taken_for))
        words += f"<br>most often {first} for {second} ({cell.n_strongest:,})"
    return f"{words}<br>A click compares."


def _build_borders(found: ConfusionMap, theme: str) -> list[dict[str, Any]]:
    """Returns lines between the groups, and one around the diagonal of each class, where its right images would be."""
    ends = [i - 0.5 for i in range(1, len(found.sides)) if found.sides[i].group != found.sides[i - 1].group]
    line = {"color": check_theme(theme).hairline, "width": 1}
    far = len(found.sides) - 0.5
    rows = [{"type": "line", "x0": -0.5, "x1": far, "y0": end, "y1": end, "line": line} for end in ends]
    columns = [{"type": "line", "y0": -0.5, "y1": far, "x0": end, "x1": end, "line": line} for end in ends]
    square = {"type": "rect", "fillcolor": check_theme(theme).hairline, "line": {"width": 0}, "layer": "below"}
    own = [{**square, "x0": i - 0.5, "x1": i + 0.5, "y0": i - 0.5, "y1": i + 0.5} for i in range(len(found.sides))]
    return [*own, *rows, *columns]
