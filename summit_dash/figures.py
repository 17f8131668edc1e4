"""Plotly figures. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from summit_dash.theme import COLOR_A, PALETTES, Palette

__all__ = ["MARKED", "build_embedding", "mark_labels", "mark_trace"]

MARKED = ("compared", "selected")
"""The traces after the first: one labelled point each."""


def build_embedding(
    points: Mapping[int, tuple[float, float]],
    names: Mapping[int, str],
    marked: Mapping[str, int | None],
    theme: str = "light",
) -> go.Figure:
    """Every class a point, in one WebGL canvas; `marked` names the classes of the traces in `MARKED`."""
    palette = PALETTES.get(theme, PALETTES["light"])
    figure = go.Figure()
    figure.add_trace(
        go.Scattergl(
            x=[x for x, _ in points.values()],
            y=[y for _, y in points.values()],
            customdata=list(points),
            text=[names[class_id] for class_id in points],
            mode="markers",
            marker={"size": 9 if len(points) < 60 else 5, "color": palette.point, "opacity": 0.7},
            hovertemplate="%{text}<extra></extra>",
        )
    )
    for trace in MARKED:
        figure.add_trace(go.Scattergl(**mark_trace(trace, points, marked, theme)))
    figure.update_layout(**_layout(points, palette), annotations=mark_labels(points, names, marked, theme))
    return figure


def mark_trace(
    trace: str, points: Mapping[int, tuple[float, float]], marked: Mapping[str, int | None], theme: str
) -> dict[str, Any]:
    """The point of the selected or of the compared class; empty where there is none."""
    palette = PALETTES.get(theme, PALETTES["light"])
    is_comparison = marked.get("compared") is not None
    color = palette.b if trace == "compared" else COLOR_A if is_comparison else palette.accent
    class_id = marked.get(trace)
    point = points.get(class_id) if class_id is not None else None
    return {
        "x": [point[0]] if point else [],
        "y": [point[1]] if point else [],
        "mode": "markers",
        "marker": {"size": 12, "color": color, "symbol": "diamond" if trace == "compared" else "circle",
                   "line": {"width": 2, "color": palette.paper}},
        "hoverinfo": "skip",
    }  # fmt: skip


def mark_labels(
    points: Mapping[int, tuple[float, float]],
    names: Mapping[int, str],
    marked: Mapping[str, int | None],
    theme: str,
) -> list[dict[str, Any]]:
    """The names of the marked points, on the side where there is more room."""
    palette = PALETTES.get(theme, PALETTES["light"])
    low, high = _range([x for x, _ in points.values()])
    labels = []
    for class_id in (marked.get(trace) for trace in MARKED):
        if class_id is None or class_id not in points:
            continue
        x, y = points[class_id]
        is_left = x < (low + high) / 2
        labels.append(
            {
                "x": x, "y": y, "text": f"<b>{names[class_id]}</b>", "showarrow": False,
                "xanchor": "left" if is_left else "right", "xshift": 9 if is_left else -9,
                "font": {"size": 12, "color": palette.ink}, "bgcolor": palette.paper, "opacity": 0.88, "borderpad": 1,
            }
        )  # fmt: skip
    _part_labels(labels, points)
    return labels


def _part_labels(labels: list[dict[str, Any]], points: Mapping[int, tuple[float, float]]) -> None:
    """Moves two labels of nearly the same height apart, one up and one down."""
    low, high = _range([y for _, y in points.values()])
    if len(labels) == 2 and abs(labels[0]["y"] - labels[1]["y"]) < 0.08 * (high - low):
        is_above = labels[0]["y"] > labels[1]["y"]
        labels[0]["yshift"], labels[1]["yshift"] = (9, -9) if is_above else (-9, 9)


def _layout(points: Mapping[int, tuple[float, float]], palette: Palette) -> dict[str, Any]:
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    return {
        "showlegend": False,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 32},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "dragmode": "pan",
        "hovermode": "closest",
        "hoverdistance": 12,
        "font": {"family": "Inter, system-ui, sans-serif", "size": 12, "color": palette.ink},
        "hoverlabel": {
            "bgcolor": palette.ink,
            "font": {"color": palette.paper, "size": 12},
            "bordercolor": palette.ink,
        },
        "xaxis": {**hidden, "range": _range([x for x, _ in points.values()])},
        "yaxis": {**hidden, "range": _range([y for _, y in points.values()])},
        "template": None,
    }


def _range(values: list[float]) -> list[float]:
    """The span of the values with a margin, so that no point or label touches the frame."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.1 * (high - low) or 1.0
    return [low - margin, high + margin]
