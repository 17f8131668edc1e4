"""The probability that the model gives to the true class, as a histogram over a class's images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from summit_dash.figures.look import CLEAR, build_axis, build_layout
from summit_dash.graph.theme import COLOR_SHARED
from summit_dash.run.text import format_part

__all__ = ["build_histogram_figure", "build_histogram_parts"]


def build_histogram_figure(counts: Sequence[int], theme: str = "light") -> go.Figure:
    """Builds the histogram of a class: a bar per bin of equal width from 0 to 1.

    Args:
        counts: images of each bin, `(bin,)`.
        theme: `light` or `dark`.

    Raises:
        InputError: there is no theme of this name.
    """
    n, width, total = len(counts), 1 / max(1, len(counts)), sum(counts)
    figure = go.Figure(layout=_build_layout(theme))
    figure.add_bar(
        x=[(i + 0.5) * width for i in range(n)],
        y=list(counts),
        hovertext=[
            f"{i * width:.2f} to {(i + 1) * width:.2f}: {format_part(c, total)} images" for i, c in enumerate(counts)
        ],
        hoverinfo="text",
        marker={"color": COLOR_SHARED},
        width=0.9 * width,
    )
    return figure


def build_histogram_parts(theme: str) -> dict[str, Any]:
    """Builds the figure without counts, as JSON data; the browser adds those of a class.

    Raises:
        InputError: there is no theme of this name.
    """
    bars = go.Bar(marker={"color": COLOR_SHARED}, hoverinfo="text")
    return {"data": [bars.to_plotly_json()], "layout": _build_layout(theme).to_plotly_json()}


def _build_layout(theme: str) -> go.Layout:
    axis = build_axis(theme)
    return build_layout(
        theme, 11, bargap=0, **CLEAR, xaxis={**axis, "range": [0, 1]}, yaxis={**axis, "rangemode": "tozero"}
    )
