"""The setting of words and marks in lines, from left to right, with a new line where one is full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from summit_dash.export.lettering import measure_width
from summit_dash.export.shapes import Box, Point, Shape, Stroke, Words, move

__all__ = ["LINE", "Mark", "Phrase", "Text", "build_phrase", "flow", "frame_text"]

LINE = 24.0
"""Distance from one baseline to the next."""
_GAP, _BETWEEN = 7.0, 22.0
_SLACK = 1.06
"""Factor for programs without Inter, which use a slightly wider typeface."""


class Text(NamedTuple):
    """Words of one look."""

    text: str
    size: float
    color: str
    weight: int = 400


class Mark(NamedTuple):
    """A rounded square drawn in a part's stroke, with a letter in it or none."""

    side: float
    radius: float
    stroke: Stroke
    letter: str = ""


class Phrase(NamedTuple):
    """Shapes that stay together; the baseline starts at (0, 0)."""

    shapes: Sequence[Shape]
    width: float


def build_phrase(*pieces: Text | Mark, gap: float = _GAP) -> Phrase:
    """Sets pieces side by side with `gap` pixels after words; a mark is close to the next piece."""
    shapes: list[Shape] = []
    x = 0.0
    for piece in pieces:
        if isinstance(piece, Mark):
            shapes += _draw_mark(piece, x)
            x += piece.side + _GAP
        else:
            shapes.append(Words(piece.text, Point(x, 0.0), piece.size, piece.color, piece.weight))
            x += measure_width(piece.text, piece.size, piece.weight) * _SLACK + gap
    return Phrase(shapes, x - gap)


def _draw_mark(mark: Mark, x: float) -> list[Shape]:
    middle = -4.5
    inset = mark.stroke.width / 2
    position = Point(x + inset, middle - mark.side / 2 + inset)
    side = mark.side - mark.stroke.width
    box = Box(position, (side, side), mark.radius - inset, stroke=mark.stroke)
    if not mark.letter:
        return [box]
    letter = Words(mark.letter, Point(x + mark.side / 2, middle + 4), 11, mark.stroke.color, 700, is_centred=True)
    return [box, letter]


def frame_text(text: str, color: str, frame: str) -> Phrase:
    """Sets small words in a frame."""
    size, padding = 11, 6.0
    width = measure_width(text, size) * _SLACK + 2 * padding
    box = Box(Point(0.5, -13.5), (width, 18.0), 4.0, stroke=Stroke(frame, 1.0))
    return Phrase([box, Words(text, Point(padding + 0.5, 0.0), size, color)], width)


def flow(phrases: Iterable[Phrase], start: Point, end: float) -> tuple[list[Shape], float]:
    """Sets phrases in lines from `start` to x = `end`; returns their shapes and the last baseline.

    A phrase that is wider than a line is alone in it and exceeds `end`.
    """
    shapes: list[Shape] = []
    x, y = start
    for each in phrases:
        if x > start.x and x + each.width > end:
            x, y = start.x, y + LINE
        shapes += [move(shape, x, y) for shape in each.shapes]
        x += each.width + _BETWEEN
    return shapes, y
