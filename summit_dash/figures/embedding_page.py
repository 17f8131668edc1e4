"""The parts of the page's embedding that are the same for all classes: the browser adds the points."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from summit_dash.figures.embedding import build_embedding_layout
from summit_dash.figures.look import ACCENTS, GROUP_COLORS, RAMPS, check_theme
from summit_dash.graph.theme import COLOR_SHARED

__all__ = ["build_embedding_parts"]


def build_embedding_parts(theme: str) -> dict[str, Any]:
    """Builds the figure without points, and the colours that points may have, as JSON data.

    The browser draws names and marks over it: they change with every class, and Plotly draws all points again then.

    Raises:
        InputError: there is no theme of this name.
    """
    check_theme(theme)
    layout = build_embedding_layout(theme)
    axis = {"type": "linear", "visible": False, "autorange": False}  # stated, so that Plotly need not find them out
    layout.update(xaxis=axis, yaxis={**axis, "scaleanchor": None, "scaleratio": None}, autosize=False)
    layout.newselection = {"line": {"color": ACCENTS[theme], "width": 1.5, "dash": "dot"}}
    points = go.Scatter(mode="markers", hoverinfo="none", marker={"line": {"width": 0}})
    return {
        "data": [points.to_plotly_json()],
        "layout": layout.to_plotly_json(),
        "ramp": list(RAMPS[theme]),
        "groups": list(GROUP_COLORS[theme]),
        "missing": COLOR_SHARED,
    }
