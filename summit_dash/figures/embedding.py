"""The classes as points at one layer: what the model finds alike lies close together."""

from __future__ import annotations

from typing import Any, NamedTuple

import plotly.graph_objects as go

from precompute.contract.errors import InputError
from summit_dash.figures.colorings import Coloring, compute_coloring
from summit_dash.figures.look import ACCENTS, build_axis, build_layout, check_theme
from summit_dash.graph.theme import COLOR_A
from summit_dash.run.store import ClassInfo, RunStore
from summit_dash.run.text import format_percent, format_plural, label_classes

__all__ = ["FEW", "build_embedding_figure", "build_embedding_layout", "build_ring", "choose_size"]

FEW = 60
"""Number of classes below which every point bears its name."""


def build_embedding_figure(
    store: RunStore,
    layer: str,
    color: str = "plain",
    class_id: int | None = None,
    vs: int | None = None,
    theme: str = "light",
) -> go.Figure:
    """Builds the embedding of the classes at a layer.

    Args:
        store: the run.
        layer: name of the layer.
        color: colours of the points: `plain`, `accuracy`, `group`, or `similarity` to the class `class_id`.
        class_id: the class to mark; with `vs` it is A of a comparison, in a solid ring.
        vs: class B, a diamond in a dashed ring.
        theme: `light` or `dark`.

    Returns:
        A figure with equal scales of x and y, which have no unit. Its hover labels state name, accuracy and number of
        images.

    Raises:
        InputError: the run has no such layer, class or table, or nothing to colour the points by.
    """
    _check(store, layer, class_id, vs)
    points = store.read_embedding(layer)
    coloring = compute_coloring(store, color, layer, class_id, theme)
    shown = [_Point(info, *points[info.class_id]) for info in store.classes.values() if info.class_id in points]
    traces = _build_points(store, shown, coloring, theme)
    rings = [(class_id, _choose_a_color(vs, theme), False), (vs, check_theme(theme).b, True)]
    shapes = [build_ring(*points[given], color, dashed) for given, color, dashed in rings if given in points]
    figure = go.Figure([*traces, *_build_marks(store, points, class_id, vs, theme)], build_embedding_layout(theme))
    figure.update_layout(showlegend=len(traces) > 1, margin={"l": 16, "r": 16, "t": 16, "b": 16}, shapes=shapes)
    return figure


def build_embedding_layout(theme: str) -> go.Layout:
    """Builds the layout of an embedding: equal scales, no axes, a drag that moves the view."""
    axis = build_axis(theme)
    return build_layout(
        theme,
        size=11,
        xaxis={**axis, "fixedrange": False},
        yaxis={**axis, "fixedrange": False, "scaleanchor": "x", "scaleratio": 1},
        dragmode="pan",
        hovermode="closest",
        hoverdistance=12,
        legend={"itemsizing": "constant", "font": {"size": 11}},
    )


def choose_size(n_classes: int) -> float:
    """Returns the diameter of a point in pixels: smaller where there are more."""
    return 9 if n_classes < FEW else 6.8 if n_classes < 300 else 5


class _Point(NamedTuple):
    info: ClassInfo
    x: float
    y: float


def _check(store: RunStore, layer: str, class_id: int | None, vs: int | None) -> None:
    if layer not in store.layers:
        raise InputError(
            f"A layer is one of {', '.join(store.layers)}.", f"The layer given is {layer!r}.", "Choose one of these."
        )
    for given in (class_id, vs):
        if given is not None and given not in store.classes:
            raise InputError("A class is one of the run's.", f"The run has no class {given}.", "Give its class_id.")


def _build_points(store: RunStore, shown: list[_Point], coloring: Coloring, theme: str) -> list[go.Scatter]:
    """Returns a trace for each entry of the legend; one alone where the points are plain or on a scale."""
    labels = {class_id: " ".join(filter(None, label)) for class_id, label in label_classes(store.classes).items()}
    traces = []
    for part in coloring.parts:
        members = [point for point in shown if point.info.class_id in part.class_ids]
        if not members:
            continue
        scale = {"colorscale": coloring.ramp, "colorbar": _build_bar(coloring)} if part.values else {}
        color = [part.values[point.info.class_id] for point in members] if part.values else part.color
        marker = {"color": color, "size": choose_size(len(shown)), **scale}
        named = [labels[point.info.class_id] for point in members]
        traces.append(
            go.Scatter(
                x=[point.x for point in members],
                y=[point.y for point in members],
                ids=[str(point.info.class_id) for point in members],
                mode="markers+text" if len(shown) < FEW else "markers",
                text=named,
                textposition="middle right",
                textfont={"color": check_theme(theme).muted},
                name=part.name,
                marker=marker,
                opacity=0.9,
                hovertext=[_describe(name, point.info) for name, point in zip(named, members, strict=True)],
                hoverinfo="text",
            )
        )
    return traces


def _build_bar(coloring: Coloring) -> dict[str, Any]:
    return {"title": {"text": coloring.title, "side": "right"}, "thickness": 8, "outlinewidth": 0, "len": 0.6}


def _describe(name: str, info: ClassInfo) -> str:
    n = format_plural(info.n_images, "image")
    return f"{name}<br>{n}" if info.top1_accuracy is None else f"{name}<br>{format_percent(info.top1_accuracy)} of {n}"


def build_ring(x: float, y: float, color: str, is_dashed: bool) -> dict[str, Any]:
    """Builds the ring around a point, a shape of the layout: it keeps its size in pixels when the view changes."""
    radius = 10 if is_dashed else 9
    box = {"x0": -radius, "x1": radius, "y0": -radius, "y1": radius, "xanchor": x, "yanchor": y}
    line = {"color": color, "width": 2, "dash": "dot" if is_dashed else "solid"}
    return {"type": "circle", "xsizemode": "pixel", "ysizemode": "pixel", "line": line, **box}


def _build_marks(
    store: RunStore, points: dict[int, tuple[float, float]], class_id: int | None, vs: int | None, theme: str
) -> list[go.Scatter]:
    """Returns A as a circle and B as a diamond."""
    wanted = [(class_id, _choose_a_color(vs, theme), "circle"), (vs, check_theme(theme).b, "diamond")]
    return [
        go.Scatter(
            x=[points[given][0]],
            y=[points[given][1]],
            mode="markers",
            marker={"symbol": symbol, "size": 12, "color": color, "line": {"width": 0}},
            name=store.classes[given].short_name,
            hoverinfo="skip",
            showlegend=False,
        )
        for given, color, symbol in wanted
        if given is not None and given in points
    ]


def _choose_a_color(vs: int | None, theme: str) -> str:
    return ACCENTS[theme] if vs is None else COLOR_A
