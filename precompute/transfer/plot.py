"""The accuracy of cuts as pictures: by depth, and by cost, as SVG that follows the theme of its page."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["COLOURS", "draw_by_cost", "draw_by_depth"]

COLOURS = ("#2b7bba", "#d9731a", "#2f9e6e", "#b05aa8", "#c4524e", "#7a7f2a", "#5d6fc9", "#8a6a52")
"""The colours of models in their order, readable on white and on near-black."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 340, 52, 18, 14, 62
Row = Mapping[str, Any]


def draw_by_depth(rows: Sequence[Row]) -> str:
    """Draws accuracy with its interval over the cuts of each model, from the input at 0 to the last cut at 1.

    Args:
        rows: of the table `cuts`.
    """
    models = _list_models(rows)
    y, parts = _scale_accuracy(rows)
    places: list[tuple[float, Row]] = []

    for number, model in enumerate(models):
        of_model = [row for row in rows if row["model"] == model]
        xs = [_place(0.5 if len(of_model) == 1 else i / (len(of_model) - 1)) for i in range(len(of_model))]
        colour = COLOURS[number % len(COLOURS)]
        if len(xs) > 1:
            upper = [f"{x:.1f},{y(row['ci_high']):.1f}" for x, row in zip(xs, of_model, strict=True)]
            lower = [f"{x:.1f},{y(row['ci_low']):.1f}" for x, row in zip(xs, of_model, strict=True)]
            middle = [f"{x:.1f},{y(row['accuracy']):.1f}" for x, row in zip(xs, of_model, strict=True)]
            parts.append(f'<polygon points="{" ".join(upper + lower[::-1])}" fill="{colour}" opacity=".16"/>')
            parts.append(f'<polyline points="{" ".join(middle)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        else:
            parts += _draw_whisker(xs[0], of_model[0], y, colour)
        places += zip(xs, of_model, strict=True)
        if len(models) == 1:
            parts += _write_names(xs, of_model)
    for x, row in places:
        parts.append(_draw_point(x, y(row["accuracy"]), row, COLOURS[models.index(row["model"]) % len(COLOURS)]))
    if len(models) > 1:
        for share, text in ((0.0, "first cut"), (0.5, "half way"), (1.0, "last cut")):
            parts.append(_write(_place(share), _HEIGHT - _BOTTOM + 18, text, "middle"))
    return _wrap(parts, "Accuracy of the cuts by depth")


def draw_by_cost(rows: Sequence[Row], cost: str, title: str) -> str:
    """Draws accuracy with its interval by a cost on a logarithmic axis, and the Pareto front.

    Args:
        rows: of the table `cuts`.
        cost: one of `config.COSTS`.
        title: of the axis.
    """
    models = _list_models(rows)
    y, parts = _scale_accuracy(rows)
    values = [max(float(row[cost]), 1e-9) for row in rows]
    low, high = math.log10(min(values)), math.log10(max(values))
    low, high = (low - 0.5, high + 0.5) if high - low < 1e-9 else (low - 0.03 * (high - low), high)
    xs = [_place((math.log10(value) - low) / (high - low)) for value in values]
    for power in range(math.ceil(low), math.floor(high) + 1):
        x = _place((power - low) / (high - low))
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        parts.append(_write(x, _HEIGHT - _BOTTOM + 18, _shorten(10.0**power), "middle"))
    front = sorted((x, y(row["accuracy"])) for x, row in zip(xs, rows, strict=True) if row["is_on_front"])
    steps = [f"{front[0][0]:.1f},{front[0][1]:.1f}"]
    for (_, before), (x, now) in itertools.pairwise(front):
        steps += [f"{x:.1f},{before:.1f}", f"{x:.1f},{now:.1f}"]
    parts.append(f'<polyline class="front" points="{" ".join(steps)}"/>')
    for x, row in zip(xs, rows, strict=True):
        colour = COLOURS[models.index(row["model"]) % len(COLOURS)]
        parts += _draw_whisker(x, row, y, colour)
        parts.append(_draw_point(x, y(row["accuracy"]), row, colour))
    parts.append(_write(_WIDTH - _RIGHT, _HEIGHT - 6, f"{title} (logarithmic)", "end"))
    return _wrap(parts, f"Accuracy of the cuts by {title}")


def _list_models(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["model"] for row in rows))


def _place(share: float) -> float:
    return _LEFT + 14 + share * (_WIDTH - _LEFT - _RIGHT - 28)


def _scale_accuracy(rows: Sequence[Row]) -> tuple[Callable[[float], float], list[str]]:
    """Returns the vertical place of an accuracy, and the axis with its grid."""
    low = math.floor(10 * min(row["ci_low"] for row in rows)) / 10
    high = min(1.0, math.ceil(10 * max(row["ci_high"] for row in rows)) / 10)
    high = high if high > low else low + 0.1
    span = _HEIGHT - _TOP - _BOTTOM

    def place(value: float) -> float:
        return _TOP + (high - value) / (high - low) * span

    parts = []
    step = 0.2 if high - low > 0.65 else 0.1
    for number in range(round(low / step + 0.4999), math.floor(high / step + 1e-9) + 1):
        value = number * step
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{place(value):.1f}" '
                     f'y2="{place(value):.1f}"/>')  # fmt: skip
        parts.append(_write(_LEFT - 8, place(value) + 4, f"{100 * value:.0f} %", "end"))
    return place, parts


def _draw_whisker(x: float, row: Row, y: Callable[[float], float], colour: str) -> list[str]:
    return [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y(row["ci_low"]):.1f}" y2="{y(row["ci_high"]):.1f}" '
            f'stroke="{colour}" stroke-width="2" opacity=".35"/>']  # fmt: skip


def _draw_point(x: float, y: float, row: Row, colour: str) -> str:
    told = (
        f"{row['model']} after {row['cut']}: {100 * row['accuracy']:.1f} % "
        f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
    )
    ring = f'<circle class="ring" cx="{x:.1f}" cy="{y:.1f}" r="9"/>' if row["is_advised"] else ""
    fill = colour if row["is_within"] else "var(--back)"
    return (
        f'<g><title>{escape(told)}</title>{ring}<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" '
        f'stroke="{colour}" stroke-width="2"/></g>'
    )


def _write_names(xs: Sequence[float], rows: Sequence[Row]) -> list[str]:
    """Writes the names of the cuts under the axis, slanted, every second one where they are many."""
    step = 1 if len(xs) <= 14 else 2
    foot = _HEIGHT - _BOTTOM + 14
    return [
        f'<text class="soft" x="{x:.1f}" y="{foot}" text-anchor="end" transform="rotate(-30 {x:.1f} {foot})">'
        f"{escape(str(row['cut']))}</text>"
        for x, row in list(zip(xs, rows, strict=True))[::step]
    ]


def _write(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="soft" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _wrap(parts: Sequence[str], title: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _shorten(value: float) -> str:
    for size, word in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {word}"
    return f"{value:g}"
