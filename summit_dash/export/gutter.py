"""The labels at the left of a graph's rows: the layer's name, and its channels that are kept or shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import floor
from typing import NamedTuple

from summit_dash.export.heading import MARGIN
from summit_dash.export.lettering import measure_width, shorten
from summit_dash.export.shapes import Box, Point, Rule, Shape, Stroke, Words
from summit_dash.export.subject import Subject
from summit_dash.graph.comparison import Comparison, LayerComparison
from summit_dash.graph.theme import COLOR_A, COLOR_SHARED, Palette
from summit_dash.run.graphs import Channel
from summit_dash.run.text import DASH, format_plural

__all__ = ["RowSpan", "build_gutter", "build_parting_line", "compute_gutter_width", "find_row_spans"]

_NAME, _SMALL, _WEIGHT = 12.0, 11.0, 600
_PLAIN, _COMPARED, _WIDEST = 92.0, 152.0, 240.0
_AFTER_NAME = 8.0


class RowSpan(NamedTuple):
    """The y of the middles of a layer's first and last line."""

    top: float
    bottom: float

    @property
    def middle(self) -> float:
        """The y of the middle of the row."""
        return (self.top + self.bottom) / 2


def find_row_spans(positions: Mapping[Channel, Point]) -> dict[str, RowSpan]:
    """Finds the span of each layer's row, from the top."""
    spans: dict[str, RowSpan] = {}
    for channel, point in sorted(positions.items(), key=lambda item: item[1].y):
        first = spans.get(channel.layer, RowSpan(point.y, point.y))
        spans[channel.layer] = RowSpan(first.top, point.y)
    return spans


def compute_gutter_width(layers: Iterable[str], is_compared: bool) -> float:
    """Computes the width of the gutter: that of the page, or more where a layer's name needs it."""
    longest = max(measure_width(layer, _NAME, _WEIGHT) for layer in layers)
    return min(_WIDEST, max(_COMPARED if is_compared else _PLAIN, MARGIN + longest + _AFTER_NAME))


def build_gutter(subject: Subject, spans: Mapping[str, RowSpan], palette: Palette, width: float) -> list[Shape]:
    """Draws a label at the middle of each row."""
    room = width - MARGIN - _AFTER_NAME
    if subject.comparison is not None:
        layers = {layer.layer: layer for layer in subject.comparison.layers}
        return [
            shape
            for layer, span in spans.items()
            for shape in _label_compared_row(layers[layer], span.middle, palette, room)
        ]
    kept = [channel.layer for channel in subject.channels]
    every = [node.channel.layer for node in subject.sides[0].graph.nodes]
    return [
        shape
        for layer, span in spans.items()
        for shape in _label_row(layer, (kept.count(layer), every.count(layer)), span.middle, palette, room)
    ]


def _label_row(layer: str, counts: tuple[int, int], y: float, palette: Palette, room: float) -> list[Shape]:
    kept, every = counts
    count = format_plural(every, "channel") if kept == every else f"{kept:,} of {every:,}"
    return [
        Words(shorten(layer, room, _NAME, _WEIGHT), Point(MARGIN, y - 3), _NAME, palette.ink, _WEIGHT),
        Words(count, Point(MARGIN, y + 11), _SMALL, palette.muted),
    ]


def _label_compared_row(layer: LayerComparison, y: float, palette: Palette, room: float) -> list[Shape]:
    cosine = DASH if layer.cosine is None else f"{layer.cosine:.2f}"
    baseline = y + 17
    words: list[Shape] = [
        Words(shorten(layer.layer, room, _NAME, _WEIGHT), Point(MARGIN, y - 8), _NAME, palette.ink, _WEIGHT)
    ]
    x = MARGIN
    for text, color, gap in (
        ("shared", palette.muted, 3.0),
        (f"{floor(100 * (layer.jaccard or 0) + 0.5)} %", palette.ink, 8.0),
        ("alike", palette.muted, 3.0),
        (cosine, palette.ink, 0.0),
    ):
        words.append(Words(text, Point(x, baseline), _SMALL, color))
        x += measure_width(text, _SMALL) * 1.06 + gap
    return words + _draw_bar(layer, Point(MARGIN, y - 2), palette, _COMPARED - MARGIN - 6)


def _draw_bar(layer: LayerComparison, position: Point, palette: Palette, width: float) -> list[Shape]:
    """Draws a bar of three lengths: only A, shared, only B (dashed)."""
    height, gap = 6.0, 1.0
    parts = [(COLOR_A, layer.n_only_a), (COLOR_SHARED, layer.n_shared), (palette.b, layer.n_only_b)]
    there = [(color, n) for color, n in parts if n]
    unit = (width - gap * (len(there) - 1)) / sum(n for _, n in there)
    shapes: list[Shape] = []
    x = position.x
    for color, n in there:
        is_b = color == palette.b
        shapes.append(Box(Point(x, position.y), (n * unit, height), 1.0, color, 0.45 if is_b else 1.0))
        if is_b:
            y = position.y + height / 2
            shapes.append(Rule(Point(x, y), Point(x + n * unit, y), Stroke(color, height, dash=(4.0, 2.0))))
        x += n * unit + gap
    return shapes


def build_parting_line(
    comparison: Comparison | None, spans: Mapping[str, RowSpan], palette: Palette, extent: tuple[float, float]
) -> list[Shape]:
    """Draws a dashed line below the parting layer, unless that is the lowest row; `extent`: gutter and width."""
    rows: Sequence[str] = list(spans)
    layer = comparison.parting_layer if comparison else None
    if layer is None or layer not in rows or layer == rows[-1]:
        return []
    gutter, width = extent
    y = (spans[layer].bottom + spans[rows[rows.index(layer) + 1]].top) / 2
    words = "they part here ↑"
    position = Point(gutter + 4, y + 13)
    return [
        Rule(Point(0.0, y), Point(width, y), Stroke(palette.muted, 1.0, dash=(3.0, 2.0))),
        Box(Point(position.x - 2, y + 2), (measure_width(words, _SMALL) * 1.06 + 4, 14.0), 2.0, palette.paper, 0.8),
        Words(words, position, _SMALL, palette.muted),
    ]
