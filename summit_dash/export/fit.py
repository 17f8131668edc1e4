"""Where a layered graph stands on a stage, in pixels: the same stretching and curves as the page's.

Those are in `assets/views/graph_viewport.js` and `graph_canvas.js`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from summit_dash.export.shapes import Point
from summit_dash.graph.elements import LARGEST

__all__ = ["SMALLEST_ZOOM", "Fit", "Size", "bend", "fit_graph"]

SMALLEST_ZOOM = 0.5
"""What does not fit at this zoom gets a larger stage: a file has no scroll bars, and its numbers must be readable."""
_TOP, _RIGHT, _BOTTOM = 30.0, 28.0, 22.0
_MOST_WIDE, _MOST_TALL = 2.2, 2.6
_BEND = 0.42


class Size(NamedTuple):
    """Width and height in pixels."""

    width: float
    height: float


class Fit(NamedTuple):
    """How the units of a layout become pixels of a stage of `size`, and where its origin lies."""

    size: Size
    zoom: float
    x_scale: float
    y_scale: float
    origin: Point

    def place(self, point: tuple[float, float], top: float = 0.0) -> Point:
        """Where a point of the layout stands; `top` is how far the stage lies below the picture's edge."""
        return Point(self.origin.x + point[0] * self.x_scale, top + self.origin.y + point[1] * self.y_scale)


def fit_graph(points: Iterable[tuple[float, float]], room: Size, gutter: float) -> Fit:
    """Zooms out until the graph fits, then stretches it to use the stage; `gutter` is kept free at the left."""
    xs, ys = zip(*points, strict=True)
    span = Size(max(xs) - min(xs), max(ys) - min(ys))
    inner = Size(room.width - gutter - _RIGHT, room.height - _TOP - _BOTTOM)
    fitting = min(1.0, inner.height / (span.height + LARGEST), inner.width / (span.width + LARGEST))
    zoom = max(SMALLEST_ZOOM, fitting)
    wide = _stretch(inner.width / zoom, span.width, _MOST_WIDE)
    tall = _stretch(inner.height / zoom, span.height, _MOST_TALL)
    needed = Size((span.width * wide + LARGEST) * zoom, (span.height * tall + LARGEST) * zoom)
    inner = Size(max(inner.width, needed.width), max(inner.height, needed.height))
    middle = Point((max(xs) + min(xs)) / 2 * wide * zoom, (max(ys) + min(ys)) / 2 * tall * zoom)
    origin = Point(gutter + inner.width / 2 - middle.x, _TOP + inner.height / 2 - middle.y)
    size = Size(inner.width + gutter + _RIGHT, inner.height + _TOP + _BOTTOM)
    return Fit(size, zoom, wide * zoom, tall * zoom, origin)


def _stretch(space: float, length: float, most: float) -> float:
    return min(most, max(1.0, (space - LARGEST) / length)) if length else 1.0


def bend(start: Point, end: Point) -> tuple[Point, Point, Point, Point, Point]:
    """A curve that leaves and arrives upright: two quadratic Béziers that meet halfway."""
    rise = _BEND * (end.y - start.y)
    leaving, arriving = Point(start.x, start.y + rise), Point(end.x, end.y - rise)
    return start, leaving, Point((start.x + end.x) / 2, (start.y + end.y) / 2), arriving, end
