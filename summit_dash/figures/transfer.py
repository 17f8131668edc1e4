"""Figures of a transfer result: the accuracy of cuts by depth and by cost, and that of a run's layers."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from summit_dash.figures.look import ACCENTS, GROUP_COLORS, build_axis, build_layout, check_theme, fade
from summit_dash.run.text import format_percent

__all__ = ["AXES", "build_cuts", "build_layers", "build_training_parts", "find_front"]

Row = Mapping[str, Any]
AXES = {
    "depth": "",
    "multiply_adds": "multiply-adds per image",
    "parameters": "parameters",
    "milliseconds": "milliseconds per image",
}
"""The axes by which cuts are laid out: their place in the model, or a cost with its name."""
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagon", "star")
_DASHES = ("solid", "dash", "dot", "dashdot")
_BAND = 0.13
_MOST_TICKS = 16
_STEPS = (1, 2, 5)
_FEW_EPOCHS = 4
"""Epochs that the chart of a training has room for from its beginning."""


def build_cuts(rows: Sequence[Row], axis: str, theme: str) -> go.Figure:
    """Builds accuracy with its 95 % interval over the cuts, one line for each model, in both cases from the input on.

    By a cost, a dashed line is the Pareto front. Points within one standard error of the best are filled. The points
    have the place of their row as `customdata`.

    Args:
        rows: of the table `cuts`, in its order.
        axis: one of `AXES`.
        theme: `light` or `dark`.

    Raises:
        InputError: there is no theme of this name.
    """
    palette = check_theme(theme)
    models = list(dict.fromkeys(row["model"] for row in rows))
    places = {model: [place for place, row in enumerate(rows) if row["model"] == model] for model in models}
    xs = [_place(rows, places, place) if axis == "depth" else max(row[axis], 1e-9) for place, row in enumerate(rows)]
    traces: list[Any] = [] if axis == "depth" else [_build_front(rows, axis, palette.ink)]
    for number, model in enumerate(models):
        traces += _build_model(rows, xs, places[model], number, theme)
    along, margin = _build_along(rows, xs, axis, len(models), theme)
    layout = build_layout(
        theme,
        xaxis=along,
        yaxis=_build_accuracies(rows, theme),
        margin={"l": 44, "r": 14, "t": 8, "b": margin},
        showlegend=len(models) > 1 or axis != "depth",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="closest",
    )
    return go.Figure(traces, layout)


def _place(rows: Sequence[Row], places: Mapping[str, Sequence[int]], place: int) -> float:
    """Returns where a cut is in its model: from 0 at the first to 1 at the last; of one model its number."""
    own = places[rows[place]["model"]]
    at = own.index(place)
    if len(places) == 1:
        return float(at)
    return at / (len(own) - 1) if len(own) > 1 else 0.5


def find_front(rows: Sequence[Row], cost: str) -> list[int]:
    """Finds the cuts than which no other is both cheaper and at least as accurate, by rising cost."""
    front: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: (rows[place][cost], -rows[place]["accuracy"])):
        if not front or rows[place]["accuracy"] > rows[front[-1]]["accuracy"]:
            front.append(place)
    return front


def _build_front(rows: Sequence[Row], cost: str, color: str) -> Any:
    front = [rows[place] for place in find_front(rows, cost)]
    x, y = [front[0][cost]], [front[0]["accuracy"]]
    for before, row in itertools.pairwise(front):
        x += [row[cost], row[cost]]
        y += [before["accuracy"], row["accuracy"]]
    return go.Scatter(
        x=[max(each, 1e-9) for each in x], y=y, mode="lines", name="Pareto front", hoverinfo="skip",
        line={"color": color, "width": 1.3, "dash": "dash"}, opacity=0.7,
    )  # fmt: skip


def _build_model(rows: Sequence[Row], xs: Sequence[float], places: Sequence[int], number: int, theme: str) -> list[Any]:
    """Builds band and line of one model."""
    palette = check_theme(theme)
    color = GROUP_COLORS[theme][number % len(GROUP_COLORS[theme])]
    mine, x = [rows[place] for place in places], [xs[place] for place in places]
    low, high = ([row[name] for row in mine] for name in ("ci_low", "ci_high"))
    band = go.Scatter(
        x=[*x, *x[::-1]], y=[*high, *low[::-1]], fill="toself", fillcolor=fade(color, _BAND),
        line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    line = go.Scatter(
        x=x,
        y=[row["accuracy"] for row in mine],
        name=mine[0]["model"],
        mode="lines+markers",
        customdata=list(places),
        hovertext=[_describe(row) for row in mine],
        hoverinfo="text",
        line={"color": color, "width": 2, "dash": _DASHES[number // len(GROUP_COLORS[theme]) % len(_DASHES)]},
        marker={
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "size": 8,
            "color": [color if row["is_within"] else palette.paper for row in mine],
            "line": {"color": color, "width": 2},
        },
    )
    whisker = {
        "type": "data", "symmetric": False, "color": color, "thickness": 1.5, "width": 0,
        "array": [mine[0]["ci_high"] - mine[0]["accuracy"]], "arrayminus": [mine[0]["accuracy"] - mine[0]["ci_low"]],
    }  # fmt: skip
    return [band, line] if len(mine) > 1 else [line.update(error_y=whisker)]


def _describe(row: Row) -> str:
    said = f"{row['model']} after {row['cut']}<br>{format_percent(row['accuracy'])} {_write_interval(row)}"
    words = [word for name, word in (("is_advised", "advised"), ("is_best", "the best")) if row[name]]
    costs = f"{row['parameters']:,} parameters, {row['multiply_adds']:,} multiply-adds, {row['milliseconds']:.2f} ms"
    return "<br>".join([said, costs, *words])


def _write_interval(row: Row) -> str:
    low, high = (format_percent(row[name]).removesuffix(" %") for name in ("ci_low", "ci_high"))
    return f"[{low}, {high}], n = {row['n_images']:,}"


def _build_accuracies(rows: Sequence[Row], theme: str) -> dict[str, Any]:
    low = math.floor(10 * min(row["ci_low"] for row in rows) + 1e-9)
    high = max(min(10, math.ceil(10 * max(row["ci_high"] for row in rows) - 1e-9)), low + 1)
    ticks = [number / 10 for number in range(low, high + 1, 2 if high - low > 6 else 1)]
    return {
        **build_axis(theme, "", ticks, [f"{100 * tick:.0f} %" for tick in ticks]),
        "range": [low / 10 - 0.005, high / 10 + 0.015],
    }


def _build_along(
    rows: Sequence[Row], xs: Sequence[float], axis: str, n_models: int, theme: str
) -> tuple[dict[str, Any], int]:
    """Builds the axis along the cuts, and the room beneath it in pixels."""
    if axis != "depth":
        ticks = _list_ticks(min(xs), max(xs))
        edge = 0.04 * max(1e-3, math.log10(max(xs) / min(xs)))
        return {
            **build_axis(theme, f"{AXES[axis]} (logarithmic)", ticks, [_shorten(tick) for tick in ticks]),
            "type": "log", "range": [math.log10(min(xs)) - edge, math.log10(max(xs)) + edge],
        }, 44  # fmt: skip
    if n_models > 1:
        return {
            **build_axis(theme, "depth of the cut", [0, 0.5, 1], ["first layer", "half way", "last layer"]),
            "range": [-0.03, 1.03],
        }, 44
    names = [row["cut"] for row in rows]
    step = math.ceil(len(names) / _MOST_TICKS)
    longest = max(len(name) for name in names)
    return {
        **build_axis(theme, "", list(range(0, len(names), step)), names[::step]),
        "tickangle": -45 if longest * len(names[::step]) > 60 else 0,
        "range": [-0.4, len(names) - 0.6],
    }, 24 + (min(90, 5 * longest) if longest * len(names[::step]) > 60 else 8)


def _list_ticks(low: float, high: float) -> list[float]:
    """Lists round numbers between two costs; more of them where they are near each other."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    whole = [10.0**power for power in powers if low / 1.05 <= 10.0**power <= high * 1.05]
    if len(whole) > 3:
        return whole
    return [s * 10.0**power for power in powers for s in _STEPS if low / 1.05 <= s * 10.0**power <= high * 1.05] or [
        low
    ]


def _shorten(value: float) -> str:
    for size, word in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {word}"
    return f"{value:g}"


def build_training_parts(theme: str) -> dict[str, Any]:
    """Builds layout and lines of a training for the page to fill: loss on the left, accuracy on the right, by epoch.

    Args:
        theme: `light` or `dark`.

    Raises:
        InputError: there is no theme of this name.
    """
    palette = check_theme(theme)
    along = {**build_axis(theme, "epoch"), "showticklabels": True, "rangemode": "tozero", "tickvals": None}
    along["autorangeoptions"] = {"include": _FEW_EPOCHS}  # no ticks at halves of an epoch
    up = {**build_axis(theme), "showticklabels": True, "showgrid": True, "tickvals": None, "nticks": 5}
    layout = build_layout(
        theme,
        xaxis={**along, "domain": [0, 0.45]},
        yaxis={**up, "title": {"text": "loss (nats)", "standoff": 6}, "rangemode": "tozero"},
        xaxis2={**along, "domain": [0.57, 1], "anchor": "y2"},
        yaxis2={**up, "title": {"text": "accuracy", "standoff": 6}, "tickformat": ".0%", "anchor": "x2"},
        margin={"l": 52, "r": 8, "t": 8, "b": 40},
    )
    line = {"mode": "lines+markers", "marker": {"size": 4}}
    return {
        "layout": json.loads(go.Figure(layout=layout).to_json())["layout"],
        "now": {**line, "line": {"color": ACCENTS[theme], "width": 2}},
        "before": {**line, "mode": "lines", "line": {"color": palette.muted, "width": 1}, "opacity": 0.6},
    }


def build_layers(rows: Sequence[Row], theme: str) -> go.Figure:
    """Builds how well a linear head on each layer of a run classifies images held out, with 95 % intervals.

    Args:
        rows: of the table `layer_probes`, in order from the input.
        theme: `light` or `dark`.

    Raises:
        InputError: there is no theme of this name.
    """
    marked = [
        {**row, "model": "linear head", "cut": row["layer"], "is_within": True, "is_best": False, "is_advised": False}
        for row in rows
    ]
    palette = check_theme(theme)
    xs = list(range(len(rows)))
    traces = _build_model_of_run(marked, xs, theme)
    along, margin = _build_along(marked, [float(x) for x in xs], "depth", 1, theme)
    layout = build_layout(
        theme,
        xaxis=along,
        yaxis=_build_accuracies(marked, theme),
        margin={"l": 44, "r": 14, "t": 8, "b": margin},
        hovermode="closest",
        font={"color": palette.muted, "size": 12},
    )
    return go.Figure(traces, layout)


def _build_model_of_run(rows: Sequence[Row], xs: Sequence[float], theme: str) -> list[Any]:
    told = [f"{row['cut']}<br>{format_percent(row['accuracy'])} {_write_interval(row)}" for row in rows]
    costless = [{**row, "parameters": 0, "multiply_adds": 0, "milliseconds": 0.0} for row in rows]
    traces = _build_model(costless, xs, range(len(rows)), 0, theme)
    traces[-1].update(hovertext=told)
    return traces
