"""The use of the channels of each layer: a curve, from the channel that most classes use to the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from summit_dash.figures.look import ACCENTS, CLEAR, build_axis, build_layout
from summit_dash.graph.theme import COLOR_SHARED
from summit_dash.run.text import format_count, format_part

__all__ = ["build_channel_use_figure"]


def build_channel_use_figure(
    layers: Sequence[str],
    uses: Sequence[Mapping[str, Any]],
    n_classes: int,
    marked: str | None = None,
    theme: str = "light",
) -> go.Figure:
    """Builds the curves of all layers.

    Args:
        layers: their names, in order from the input.
        uses: of each layer `n_channels`, `place` of some channels in the order of use, `count` of the classes that use
            each, `by_none` and `by_most`: channels that no class, and more than half of the classes, use.
        n_classes: of the run.
        marked: the layer in the accent of the theme.
        theme: `light` or `dark`.

    Returns:
        A figure whose traces bear the names of the layers.

    Raises:
        InputError: there is no theme of this name.
    """
    ticks = sorted({0, round(n_classes / 2), n_classes})
    shares = (0, 0.25, 0.5, 0.75, 1)
    x = build_axis(
        theme, "share of the layer's channels, most used first", shares, [f"{100 * s:.0f} %" for s in shares]
    )
    y = build_axis(theme, "classes", ticks, [format_count(n) for n in ticks])
    layout = build_layout(
        theme,
        11,
        hovermode="closest",
        **CLEAR,
        xaxis={**x, "range": [0, 1], "showgrid": False},
        yaxis={**y, "range": [0, 1.02 * n_classes]},
        margin={"l": 48, "r": 18, "t": 8, "b": 38},
    )
    curves = [_build_curve(*named, n_classes, marked, theme) for named in zip(layers, uses, strict=True)]
    return go.Figure(sorted(curves, key=lambda curve: curve.name == marked), layout)


def _build_curve(layer: str, use: Mapping[str, Any], n_classes: int, marked: str | None, theme: str) -> go.Scatter:
    is_marked = layer == marked
    most = format_part(use["by_most"], use["n_channels"])
    words = (
        f"<b>{layer}</b><br>{most} channels are used by more than half of the classes,"
        f"<br>{format_count(use['by_none'])} by none."
    )
    return go.Scatter(
        name=layer,
        x=[place / max(1, use["n_channels"] - 1) for place in use["place"]],
        y=list(use["count"]),
        mode="lines",
        line={"color": ACCENTS[theme] if is_marked else COLOR_SHARED, "width": 2.2 if is_marked else 1.2},
        opacity=1 if is_marked else 0.6,
        hovertext=[words] * len(use["place"]),
        hoverinfo="text",
    )
