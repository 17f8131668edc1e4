"""The bars of a comparison, layer by layer: how many channels two classes share, and how alike they use all of them."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from summit_dash.figures.look import CLEAR, build_axis, build_layout, check_theme

__all__ = ["build_shared_bars_parts"]


def build_shared_bars_parts(theme: str) -> dict[str, Any]:
    """Builds the figure without bars, as JSON data, with the colours of B, C and D and of the ground.

    The browser adds two bars for each layer and class. Their places are pixels from the top, so that they lie beside
    the names and numbers of the page.

    Raises:
        InputError: there is no theme of this name.
    """
    palette = check_theme(theme)
    axis = build_axis(theme)
    layout = build_layout(theme, 11, barmode="overlay", **CLEAR, xaxis={**axis, "range": [0, 1]}, yaxis=axis)
    bars = go.Bar(orientation="h", hoverinfo="skip", marker={"line": {"width": 0}})
    return {
        "data": [bars.to_plotly_json()],
        "layout": layout.to_plotly_json(),
        "colors": [palette.b, palette.ink, palette.muted],
        "ground": palette.hairline,
    }
