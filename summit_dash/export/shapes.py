"""The shapes of a graph's picture, in pixels from its upper left corner. Plain data of no file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Box", "GraphScene", "Point", "Rule", "SceneEdge", "SceneNode", "Shape", "Stroke", "Words", "move"]


class Point(NamedTuple):
    """A position in pixels; y grows downwards."""

    x: float
    y: float


class Stroke(NamedTuple):
    """The look of a line; `dash` alternates lengths of line and gap, and is empty for a solid line."""

    color: str
    width: float
    opacity: float = 1.0
    dash: tuple[float, ...] = ()


class Words(NamedTuple):
    """A line of text; `position` is the start of its baseline, or the middle of it where `is_centred`."""

    text: str
    position: Point
    size: float
    color: str
    weight: int = 400
    is_centred: bool = False


class Box(NamedTuple):
    """A rectangle; `position` is its upper left corner."""

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
    """A channel.

    `frame` is its square with rounded corners and ring. `backing` keeps its number legible over edges. `picture` is
    JPEG or PNG, or None. `example_mark` is the side of the dark corner of a dataset example, 0 for other pictures.
    """

    channel_id: str
    frame: Box
    number: Words
    backing: Box
    picture: bytes | None
    example_mark: float
    notes: Sequence[str]
    part: str = ""


class SceneEdge(NamedTuple):
    """An influence, drawn as two quadratic Béziers: `points` are start, bend, middle, bend, end.

    `through` names the channels outside the graph through which a way up leads; it is empty for an influence.
    """

    source: str
    target: str
    points: tuple[Point, Point, Point, Point, Point]
    stroke: Stroke
    part: str = ""
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class GraphScene:
    """A picture of a graph, drawn in this order: paper, edges, nodes, shapes."""

    size: tuple[float, float]
    paper: str
    title: str
    description: str
    edges: Sequence[SceneEdge]
    nodes: Sequence[SceneNode]
    shapes: Sequence[Shape]


def move(shape: Shape, x: float, y: float) -> Shape:
    """Moves a shape by x and y."""
    if isinstance(shape, Rule):
        return shape._replace(start=_move(shape.start, x, y), end=_move(shape.end, x, y))
    return shape._replace(position=_move(shape.position, x, y))


def _move(point: Point, x: float, y: float) -> Point:
    return Point(point.x + x, point.y + y)
