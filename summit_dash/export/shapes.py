"""What a picture of a graph is made of, in pixels from its top left corner. Plain data; knows no file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Box", "GraphScene", "Point", "Rule", "SceneEdge", "SceneNode", "Shape", "Stroke", "Words", "moved"]


class Point(NamedTuple):
    x: float
    y: float


class Stroke(NamedTuple):
    """A line's look; `dash` alternates lengths of line and gap, empty for a solid line."""

    color: str
    width: float
    opacity: float = 1.0
    dash: tuple[float, ...] = ()


class Words(NamedTuple):
    """A line of text; `at` is where its baseline starts, or its middle where `is_centred`."""

    text: str
    position: Point
    size: float
    color: str
    weight: int = 400
    is_centred: bool = False


class Box(NamedTuple):
    """A rectangle with its top left corner at `at`."""

    position: Point
    size: tuple[float, float]
    radius: float = 0.0
    fill: str | None = None
    opacity: float = 1.0
    stroke: Stroke | None = None


class Rule(NamedTuple):
    """A straight line."""

    start: Point
    end: Point
    stroke: Stroke


Shape = Words | Box | Rule


class SceneNode(NamedTuple):
    """A channel. `frame` is its square with rounded corners and ring; `picture` is JPEG or PNG, None where it has none.

    `example_mark` is the side of the dark corner that says: a dataset example, no feature visualization; else 0.
    """

    channel_id: str
    frame: Box
    number: Words
    backing: Box
    """Keeps the number readable over edges."""
    picture: bytes | None
    example_mark: float
    notes: Sequence[str]
    part: str = ""


class SceneEdge(NamedTuple):
    """An influence: two quadratic Béziers, `points` are start, bend, middle, bend, end."""

    source: str
    target: str
    points: tuple[Point, Point, Point, Point, Point]
    stroke: Stroke
    part: str = ""


@dataclass(frozen=True)
class GraphScene:
    """A picture of a graph. Drawn in this order: paper, edges, nodes, shapes."""

    size: tuple[float, float]
    paper: str
    title: str
    description: str
    edges: Sequence[SceneEdge]
    nodes: Sequence[SceneNode]
    shapes: Sequence[Shape]


def moved(shape: Shape, x: float, y: float) -> Shape:
    """The same shape elsewhere."""
    if isinstance(shape, Rule):
        return shape._replace(start=_moved(shape.start, x, y), end=_moved(shape.end, x, y))
    return shape._replace(position=_moved(shape.position, x, y))


def _moved(point: Point, x: float, y: float) -> Point:
    return Point(point.x + x, point.y + y)
