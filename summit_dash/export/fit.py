"""The pixels of a layered graph on a stage, stretched and curved as on the page.

`assets/src/views/graph_viewport.js` and `graph_canvas.js` do the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from summit_dash.export.shapes import Point
from summit_dash.graph.elements import LARGEST

__all__ = ["SMALLEST_ZOOM", "Fit", "Size", "bend", "fit_graph"]

SMALLEST_ZOOM = 0.5
"""Least zoom. A graph that does not fit gets a larger stage: a file has no scroll bars, and numbers must be legible."""
_TOP, _RIGHT, _BOTTOM = 30.0, 28.0, 22.0
_MOST_WIDE, _MOST_TALL = 2.2, 2.6
_BEND = 0.42


class Size(NamedTuple):
    """Width and height in pixels."""

    width: float
    height: float


class Fit(NamedTuple):
    """The map from units of a layout to pixels of a stage; `origin` is the pixel of the layout's origin."""

    size: Size
    zoom: float
    x_scale: float
    y_scale: float
    origin: Point

    def locate(self, point: tuple[float, float], top: float = 0.0) -> Point:
        """Returns the pixel of a point of the layout; `top` is the distance of the stage from the upper edge."""
        return Point(self.origin.x + point[0] * self.x_scale, top + self.origin.y + point[1] * self.y_scale)


def fit_graph(points: Iterable[tuple[float, float]], room: Size, gutter: float) -> Fit:
    """Zooms out until the graph fits, then stretches it to use the stage.

    Args:
        points: positions of the nodes; one at least.
        room: size of the stage, which grows where the graph needs more.
        gutter: pixels kept free at the left.
    """
    xs, ys = zip(*points, strict=True)
    span = Size(max(xs) - min(xs), max(ys) - min(ys))
    inner = Size(room.width - gutter - _RIGHT, room.height - _TOP - _BOTTOM)
    fitting = min(1.0, inner.height / (span.height + LARGEST), inner.width / (span.width + LARGEST))
    zoom = max(SMALLEST_ZOOM, fitting)
    wide = _compute_stretch(inner.width / zoom, span.width, _MOST_WIDE)
    tall = _compute_stretch(inner.height / zoom, span.height, _MOST_TALL)
    needed = Size((span.width * wide + LARGEST) * zoom, (span.height * tall + LARGEST) * zoom)
    inner = Size(max(inner.width, needed.width), max(inner.height, needed.height))
    middle = Point((max(xs) + min(xs)) / 2 * wide * zoom, (max(ys) + min(ys)) / 2 * tall * zoom)
    origin = Point(gutter + inner.width / 2 - middle.x, _TOP + inner.height / 2 - middle.y)
    size = Size(inner.width + gutter + _RIGHT, inner.height + _TOP + _BOTTOM)
    return Fit(size, zoom, wide * zoom, tall * zoom, origin)


def _compute_stretch(space: float, length: float, most: float) -> float:
    return min(most, max(1.0, (space - LARGEST) / length)) if length else 1.0


def bend(start: Point, end: Point) -> tuple[Point, Point, Point, Point, Point]:
    """Bends a line into a curve with vertical ends: two quadratic Béziers that meet halfway."""
    rise = _BEND * (end.y - start.y)
    leaving, arriving = Point(start.x, start.y + rise), Point(end.x, end.y - rise)
    return start, leaving, Point((start.x + end.x) / 2, (start.y + end.y) / 2), arriving, end
