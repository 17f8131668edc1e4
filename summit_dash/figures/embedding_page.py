"""The parts of the page's embedding that no class changes: the browser adds points, names and marks to them."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from summit_dash.figures.embedding import build_embedding_layout, build_ring
from summit_dash.figures.look import ACCENTS, GROUP_COLORS, RAMPS, check_theme
from summit_dash.graph.theme import COLOR_A, COLOR_SHARED

__all__ = ["build_embedding_parts"]


def build_embedding_parts(theme: str) -> dict[str, Any]:
    """Builds the figure without points, and the colours of its points and marks, as JSON data.

    The traces are the classes, the marks of A and B, and the names. `rings` holds the ring of the selected class, of A
    and of B, and the one around a class that the list shows; the browser sets their centres.

    Raises:
        InputError: there is no theme of this name.
    """
    palette = check_theme(theme)
    accent = ACCENTS[theme]
    layout = build_embedding_layout(theme)
    layout.update(
        xaxis={"autorange": False}, yaxis={"autorange": False, "scaleanchor": None, "scaleratio": None}, autosize=False
    )
    layout.newselection = {"line": {"color": accent, "width": 1.5, "dash": "dot"}}
    return {
        "data": [trace.to_plotly_json() for trace in (_build_points(), _build_marks(palette.paper), _build_names(palette.muted))],
        "layout": layout.to_plotly_json(),
        "ramp": list(RAMPS[theme]),
        "groups": list(GROUP_COLORS[theme]),
        "missing": COLOR_SHARED,
        "marks": {"one": accent, "a": COLOR_A, "b": palette.b, "ink": palette.ink},
        "rings": {
            "a": build_ring(0, 0, COLOR_A, is_dashed=False),
            "b": build_ring(0, 0, palette.b, is_dashed=True),
        },
    }


def _build_points() -> go.Scatter:
    return go.Scatter(mode="markers", hoverinfo="none", marker={"line": {"width": 0}})


def _build_marks(paper: str) -> go.Scatter:
    """Returns the trace of A and B. A lasso that leaves them out does not fade them."""
    marker = {"size": 12, "opacity": 1, "line": {"width": 1.5, "color": paper}}
    return go.Scatter(mode="markers", hoverinfo="skip", marker=marker, unselected={"marker": {"opacity": 1}})


def _build_names(color: str) -> go.Scatter:
    """Returns the trace of the names; the invisible markers hold them off the points."""
    unselected = {"marker": {"opacity": 0}, "textfont": {"color": color}}
    return go.Scatter(
        mode="markers+text",
        hoverinfo="skip",
        marker={"opacity": 0},
        textfont={"color": color, "size": 11},
        unselected=unselected,
    )
