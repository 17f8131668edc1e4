"""Figures of the proof of a class's graph: accuracy over the number of channels, and layers beside random channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from precompute.contract.tables import ALL_LAYERS
from summit_dash.figures.look import ACCENTS, build_axis, build_layout, check_theme, fade
from summit_dash.graph.theme import COLOR_A

__all__ = ["build_curves", "build_layers"]

_LINES = (
    ("pagerank", "remove", "without the first by PageRank"),
    ("effect", "remove", "without the first by effect"),
    ("pagerank", "random", "without as many at random"),
    ("pagerank", "keep", "with the first by PageRank alone"),
    ("effect", "keep", "with the first by effect alone"),
)
_BAND = 0.14
_APART = 1.25
"""Least ratio of sizes that are both written at the axis."""
_FURTHER = "further fall of the log-probability than without random channels"


def build_curves(rows: Sequence[Mapping[str, Any]], n_channels: int, theme: str) -> go.Figure:
    """Builds the accuracy of a class over the number of channels that are removed or kept, in all layers at once.

    Bands are 95 % intervals; a vertical line is the number of channels of the class's graph.

    Args:
        rows: of the table `faithfulness`, of one class.
        n_channels: of its graph.
        theme: `light` or `dark`.

    Raises:
        InputError: there is no theme of this name.
    """
    palette = check_theme(theme)
    colors = {
        ("pagerank", "remove"): COLOR_A, ("effect", "remove"): ACCENTS[theme], ("pagerank", "random"): palette.muted,
        ("pagerank", "keep"): COLOR_A, ("effect", "keep"): ACCENTS[theme],
    }  # fmt: skip
    of_all = [row for row in rows if row["layer"] == ALL_LAYERS]
    whole = next((row for row in of_all if row["n_channels"] == 0), None)
    traces: list[Any] = []
    for selection, intervention, title in _LINES:
        mine = sorted(
            (
                row for row in of_all
                if (row["selection"], row["intervention"]) == (selection, intervention) and row["n_channels"]
            ),
            key=lambda row: row["n_channels"],
        )  # fmt: skip
        if mine:
            color = colors[selection, intervention]
            dash = "dot" if intervention == "keep" else "solid"
            traces += _build_line(mine, title, color, dash)
    if whole is not None:
        size = [min(row["n_channels"] for row in of_all if row["n_channels"]), max(r["n_channels"] for r in of_all)]
        traces.append(_build_level(size, whole["accuracy"], palette.ink))
    ticks: list[int] = []
    for size in sorted({row["n_channels"] for row in of_all if row["n_channels"]}):
        if not ticks or size >= _APART * ticks[-1]:
            ticks.append(size)
    layout = build_layout(
        theme,
        xaxis={**build_axis(theme, "", ticks), "type": "log", "tickangle": 0,
               "title": {"text": "channels, all layers together", "standoff": 6, "font": {"size": 12}}},
        yaxis={**build_axis(theme, "", [0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"]),
               "range": [-0.03, 1.05]},
        margin={"l": 44, "r": 12, "t": 8, "b": 40},
        shapes=[{"type": "line", "x0": n_channels, "x1": n_channels, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": palette.hairline, "width": 2}}],
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "entrywidth": 0.5,
                "entrywidthmode": "fraction"},
    )  # fmt: skip
    return go.Figure(traces, layout)


def _build_line(rows: Sequence[Mapping[str, Any]], title: str, color: str, dash: str) -> list[Any]:
    """Builds a line with its band."""
    sizes = [row["n_channels"] for row in rows]
    low, high = ([row[name] for row in rows] for name in ("ci_low", "ci_high"))
    band = go.Scatter(
        x=[*sizes, *sizes[::-1]], y=[*high, *low[::-1]], fill="toself", fillcolor=fade(color, _BAND),
        line={"width": 0}, mode="lines", hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    texts = [
        f"{title}<br>{row['n_channels']:,} channels: {row['accuracy']:.1%} "
        f"[{row['ci_low']:.1%}, {row['ci_high']:.1%}], n = {row['n_images']:,}"
        for row in rows
    ]
    line = go.Scatter(
        x=sizes, y=[row["accuracy"] for row in rows], name=title, mode="lines+markers", hovertext=texts,
        hoverinfo="text", line={"color": color, "dash": dash, "width": 2}, marker={"size": 6},
    )  # fmt: skip
    return [band, line]


def _build_level(sizes: Sequence[int], accuracy: float, color: str) -> Any:
    return go.Scatter(
        x=list(sizes), y=[accuracy, accuracy], name="untouched", mode="lines", hoverinfo="skip",
        line={"color": color, "width": 1, "dash": "dash"},
    )  # fmt: skip


def build_layers(rows: Sequence[Mapping[str, Any]], sizes: Mapping[str, int], theme: str) -> go.Figure:
    """Builds how much further the log-probability falls without a layer's channels of the graph than without others.

    Args:
        rows: of the table `faithfulness`, of one class.
        sizes: number of channels of the class's graph in each layer, in order from the input.
        theme: `light` or `dark`.

    Raises:
        InputError: there is no theme of this name.
    """
    palette = check_theme(theme)
    names = [layer for layer, n in sizes.items() if n]
    traces = []
    for selection, title, color, shift in (
        ("pagerank", "by PageRank", COLOR_A, 0.14),
        ("effect", "by effect", ACCENTS[theme], -0.14),
    ):
        mine = {
            row["layer"]: row for row in rows
            if row["selection"] == selection and row["intervention"] == "remove"
            and row["n_channels"] == sizes.get(row["layer"])
        }  # fmt: skip
        shown = [(place, mine[name]) for place, name in enumerate(names) if name in mine]
        if shown:
            traces.append(_build_dots(shown, title, color, shift))
    layout = build_layout(
        theme,
        xaxis={**build_axis(theme), "title": {"text": _FURTHER, "standoff": 6, "font": {"size": 12}},
               "showticklabels": True, "zeroline": True, "zerolinecolor": palette.muted},
        yaxis={**build_axis(theme, "", list(range(len(names))), names), "range": [-0.6, len(names) - 0.4]},
        margin={"l": 24 + 7 * max(map(len, names), default=0), "r": 12, "t": 8, "b": 40},
        showlegend=True,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    return go.Figure(traces, layout)


def _build_dots(shown: Sequence[tuple[int, Mapping[str, Any]]], title: str, color: str, shift: float) -> Any:
    values = [row["below_random"] for _, row in shown]
    ends = [
        (row["below_random_low"], row["below_random_high"]) if row["below_random_low"] is not None
        else (row["below_random"], row["below_random"])
        for _, row in shown
    ]  # fmt: skip
    texts = [
        f"{row['layer']}, {row['n_channels']:,} channels {title}: {row['below_random']:.2f} "
        f"[{low:.2f}, {high:.2f}], n = {row['n_images']:,}"
        for (_, row), (low, high) in zip(shown, ends, strict=True)
    ]
    return go.Scatter(
        x=values,
        y=[place + shift for place, _ in shown],
        name=title,
        mode="markers",
        hovertext=texts,
        hoverinfo="text",
        marker={"color": color, "size": 8},
        error_x={
            "type": "data", "symmetric": False, "color": color, "thickness": 1.5, "width": 0,
            "array": [high - value for value, (_, high) in zip(values, ends, strict=True)],
            "arrayminus": [value - low for value, (low, _) in zip(values, ends, strict=True)],
        },
    )  # fmt: skip
