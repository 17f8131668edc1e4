"""The comparison of methods as one picture: a panel for each metric, a line for each method, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from precompute.contract.map_quality import BASELINES, QUALITY_METRICS
from precompute.explanations.quality_table import QualityRow, QualityTable

__all__ = ["draw_comparison"]

_NAMES, _PANEL, _GAP, _ROW, _TOP, _BOTTOM = 250, 190, 28, 26, 60, 34
_INK, _QUIET, _LINE, _DOT, _BASE = "#1d2530", "#5b6675", "#d6dbe2", "#1769c2", "#8a5a00"
_FONT = "font-family='system-ui, sans-serif'"


def draw_comparison(table: QualityTable, titles: Mapping[str, str], metrics: Sequence[str] | None = None) -> str:
    """Draws the means of all methods with their intervals.

    Baselines have hollow marks, and the edge detector's mean is a dashed line through its panel. A method that has no
    figure in a panel has an empty line there.

    Args:
        table: the figures.
        titles: of methods, by name; baselines are known.
        metrics: the panels; all but the differences by default.

    Returns:
        A document of SVG, which needs no other file.
    """
    shown = [name for name in table.metrics if "_over_" not in name] if metrics is None else list(metrics)
    known = {**titles, **BASELINES}
    width = _NAMES + len(shown) * (_PANEL + _GAP)
    height = _TOP + len(table.methods) * _ROW + _BOTTOM
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        f"role='img' aria-label='Quality of the maps of each method'>",
        f"<rect width='{width}' height='{height}' fill='#ffffff'/>",
    ]
    for line, method in enumerate(table.methods):
        y = _TOP + (line + 0.5) * _ROW
        parts.append(f"<line x1='12' x2='{width - _GAP}' y1='{y + _ROW / 2}' y2='{y + _ROW / 2}' stroke='#eef0f3'/>")
        parts.append(_write(known.get(method, method), 12, y + 4, _QUIET if method in BASELINES else _INK))
    for number, metric in enumerate(shown):
        parts += _draw_panel(table, metric, _NAMES + number * (_PANEL + _GAP))
    return "\n".join([*parts, "</svg>\n"])


def _draw_panel(table: QualityTable, metric: str, left: float) -> list[str]:
    rows = [(line, table.find(method, metric)) for line, method in enumerate(table.methods)]
    known = [(line, row) for line, row in rows if row is not None]
    low, high = _find_range([row for _, row in known])
    foot = _TOP + len(table.methods) * _ROW
    n_images = sorted({row.n_images for _, row in known})
    n = f"n = {n_images[0]}" + (f" to {n_images[-1]}" if len(n_images) > 1 else "")

    def place(value: float) -> float:
        return left + 6 + (value - low) / (high - low) * (_PANEL - 12)

    parts = [
        _write(QUALITY_METRICS[metric].title, left, 24, _INK, weight=600),
        _write(n, left, 42, _QUIET, size=11),
        f"<rect x='{left}' y='{_TOP}' width='{_PANEL}' height='{foot - _TOP}' fill='none' stroke='{_LINE}'/>",
    ]
    edges = table.find("edges", metric)
    if edges is not None:
        x = place(edges.value)
        parts.append(
            f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{_TOP}' y2='{foot}' stroke='{_BASE}' stroke-dasharray='3 3'/>"
        )
    parts += [_draw_row(row, place, _TOP + (line + 0.5) * _ROW) for line, row in known]
    parts.append(_write(f"{low:.3g}", left, foot + 18, _QUIET, size=11))
    parts.append(_write(f"{high:.3g}", left + _PANEL, foot + 18, _QUIET, size=11, anchor="end"))
    return parts


def _draw_row(row: QualityRow, place: object, y: float) -> str:
    assert callable(place)
    x, is_baseline = place(row.value), row.method in BASELINES
    colour = _BASE if is_baseline else _DOT
    interval, text = "", f"{row.value:.3g}"
    if row.ci_low is not None and row.ci_high is not None:
        interval = (
            f"<line x1='{place(row.ci_low):.1f}' x2='{place(row.ci_high):.1f}' y1='{y}' y2='{y}' stroke='{colour}' "
            f"stroke-width='2'/>"
        )
        text += f" ({row.ci_low:.3g} to {row.ci_high:.3g})"
    title = f"<title>{escape(row.method)}: {text}, n = {row.n_images}</title>"
    fill = "#ffffff" if is_baseline else colour
    mark = f"<circle cx='{x:.1f}' cy='{y}' r='4.5' fill='{fill}' stroke='{colour}' stroke-width='2'/>"
    return f"<g>{title}{interval}{mark}</g>"


def _find_range(rows: Sequence[QualityRow]) -> tuple[float, float]:
    """Finds the ends of an axis that shows every mean and interval, 0 included where it is near."""
    values = [value for row in rows for value in (row.value, row.ci_low, row.ci_high) if value is not None]
    low, high = min(values), max(values)
    if 0 < low < 0.5 * high:
        low = 0.0
    return (low, high) if high > low and math.isfinite(high - low) else (low - 0.5, low + 0.5)


def _write(text: str, x: float, y: float, colour: str, size: int = 13, weight: int = 400, anchor: str = "start") -> str:
    return (
        f"<text x='{x}' y='{y}' fill='{colour}' font-size='{size}' font-weight='{weight}' text-anchor='{anchor}' "
        f"{_FONT}>{escape(text)}</text>"
    )
