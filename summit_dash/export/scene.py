"""The picture of a graph as the page shows it: its elements and its stylesheet, put onto a stage of their own.

Positions, sizes and looks come from what the page itself is made of (`elements`, `stylesheet`), so that a file and the
screen cannot come to differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import Any, NamedTuple

from summit_dash.export.fit import Size, bend, fit_graph
from summit_dash.export.gutter import build_gutter, build_parting_line, compute_gutter_width, find_row_spans
from summit_dash.export.heading import MARGIN, build_footing, build_heading, describe
from summit_dash.export.lettering import measure_width
from summit_dash.export.shapes import Box, GraphScene, Point, Rule, SceneEdge, SceneNode, Stroke, Words
from summit_dash.export.subject import Subject
from summit_dash.graph.elements import Element, build_comparison_elements, build_graph_elements
from summit_dash.graph.stylesheet import build_stylesheets
from summit_dash.graph.theme import PALETTES
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind

__all__ = ["ROOM", "PictureSource", "build_scene"]

ROOM = Size(1200, 800)
"""The stage where none is asked for: about that of the page in a large window."""
_LABEL, _LARGEST_LABEL, _HAIRLINE = 11.0, 34.0, 0.9
"""In pixels at any zoom, in units of the layout, and in pixels again: as in `assets/views/graph_viewport.js`."""
_MOST_RADIUS, _MARK = 8.0, 16.0
_RING_DASH, _EDGE_DASH = (4.0, 2.0), (6.0, 3.0)
"""What the page's canvas does where nothing else is said."""
_SHARPNESS = 4
"""Pixels of an embedded picture for each of the scene's: enough to print it, or to enlarge it four times."""
_FOOT = 30.0


class PictureSource(NamedTuple):
    """`thumbnail` tells of a channel's picture, `read` brings it, at most so many pixels wide, as JPEG or PNG."""

    kind: Callable[[Channel], PictureKind]
    read: Callable[[Channel, int], bytes | None]


class _Style(NamedTuple):
    """One theme's rules, at one zoom."""

    rules: Sequence[Mapping[str, Any]]
    zoom: float

    def of(self, group: str, classes: str) -> dict[str, Any]:
        """What the rules say of a node or an edge of these classes; later ones win."""
        wanted = {group, *(f"{group}.{name}" for name in classes.split())}
        return {key: value for rule in self.rules if rule["selector"] in wanted for key, value in rule["style"].items()}


def build_scene(subject: Subject, pictures: PictureSource, theme: str = "light", room: Size = ROOM) -> GraphScene:
    """The graph with its heading, in pixels; `room` is the stage, which grows where the graph needs more.

    What the filter leaves out keeps its place free, as on the page.
    """
    palette = PALETTES[theme]
    elements = _build_elements(subject, pictures)
    points = {_channel(e): Point(**e["position"]) for e in elements if "position" in e}
    gutter = compute_gutter_width({channel.layer for channel in points}, subject.comparison is not None)
    fit = fit_graph(points.values(), room, gutter)
    width = fit.size.width
    heading, top = build_heading(subject, palette, width)
    places = {channel: fit.place(point, top) for channel, point in points.items()}
    nodes, edges = _draw(subject, elements, places, _Style(build_stylesheets()[theme], fit.zoom), pictures)
    spans = find_row_spans(places)
    bottom = top + fit.size.height
    has_examples = any(node.example_mark for node in nodes)
    shapes = [
        *heading,
        Rule(Point(0.0, top), Point(width, top), Stroke(palette.hairline, 1.0)),
        *build_gutter(subject, spans, palette, gutter),
        *build_parting_line(subject.comparison, spans, palette, (gutter, width)),
        *build_footing(subject.origin, has_examples, palette, Point(MARGIN, bottom + _FOOT / 2), width),
    ]
    size = Size(round(width), round(bottom + _FOOT))
    return GraphScene(size, palette.paper, _title(subject), describe(subject), edges, nodes, shapes)


def _title(subject: Subject) -> str:
    names = " and ".join(side.label for side in subject.sides)
    return f"Comparison of {names}" if subject.comparison else f"Attribution graph of {names}"


def _build_elements(subject: Subject, pictures: PictureSource) -> list[Element]:
    """What the page's canvas is given."""
    shown = pictures.kind
    if subject.comparison is None:
        side = subject.sides[0]
        return build_graph_elements(side.graph, side.info.n_images, shown)
    a, b = ((side.info.short_name, side.info.n_images) for side in subject.sides)
    return build_comparison_elements(
        (subject.sides[0].graph, subject.sides[1].graph), subject.comparison, (a, b), shown
    )


def _channel(element: Element) -> Channel:
    return Channel(element["data"]["layer"], element["data"]["channel"])


def _draw(
    subject: Subject,
    elements: Sequence[Element],
    places: Mapping[Channel, Point],
    style: _Style,
    pictures: PictureSource,
) -> tuple[list[SceneNode], list[SceneEdge]]:
    """The nodes and edges that the filter keeps."""
    kept = [e for e in elements if e["data"]["covered"] < subject.covers or subject.covers >= 100]
    drawn = {e["data"]["id"]: _draw_node(e, places[_channel(e)], style, pictures) for e in kept if "position" in e}
    edges = [
        _draw_edge(e, drawn[e["data"]["source"]], drawn[e["data"]["target"]], style)
        for e in kept
        if "position" not in e
    ]
    return list(drawn.values()), edges


def _draw_node(element: Element, place: Point, style: _Style, pictures: PictureSource) -> SceneNode:
    data, zoom = element["data"], style.zoom
    look = style.of("node", element["classes"])
    side = data["size"] * zoom
    ring = Stroke(
        look["border-color"],
        look["border-width"] * zoom,
        look["border-opacity"],
        _scale(_RING_DASH, zoom) if look.get("border-style") == "dashed" else (),
    )
    frame = Box(
        Point(place.x - side / 2, place.y - side / 2),
        (side, side),
        min(data["size"] / 4, _MOST_RADIUS) * zoom,
        look["background-color"],
        stroke=ring,
    )
    number, backing = _draw_number(data["label"], Point(place.x, frame.position.y), look, zoom)
    picture = pictures.read(_channel(element), ceil(side * _SHARPNESS)) if data["picture"] else None
    mark = _MARK * zoom if picture is not None and "example" in element["classes"].split() else 0.0
    return SceneNode(data["id"], frame, number, backing, picture, mark, data["notes"], data["part"])


def _draw_number(text: str, top: Point, look: Mapping[str, Any], zoom: float) -> tuple[Words, Box]:
    """A channel's number above its node, and what keeps it readable over edges."""
    size = min(_LABEL, _LARGEST_LABEL * zoom)
    baseline = top.y - 2 - 0.24 * size
    width = measure_width(text, size) + 2
    words = Words(text, Point(top.x, baseline), size, look["color"], is_centred=True)
    position = Point(top.x - width / 2, baseline - 0.8 * size)
    return words, Box(
        position, (width, size), fill=look["text-background-color"], opacity=look["text-background-opacity"]
    )


def _draw_edge(element: Element, source: SceneNode, target: SceneNode, style: _Style) -> SceneEdge:
    data = element["data"]
    look = style.of("edge", element["classes"])
    stroke = Stroke(
        look["line-color"],
        max(data["width"] * style.zoom, _HAIRLINE),
        look["line-opacity"],
        _scale(_EDGE_DASH, style.zoom) if look.get("line-style") == "dashed" else (),
    )
    points = bend(_find_port(source.frame, 0.0), _find_port(target.frame, 1.0))
    return SceneEdge(data["source"], data["target"], points, stroke, element["classes"])


def _find_port(frame: Box, height: float) -> Point:
    """Where edges meet a node: outside its ring, in the middle of its upper side (0) or its lower one (1)."""
    (x, y), (width, side) = frame.position, frame.size
    ring = frame.stroke.width if frame.stroke else 0.0
    return Point(x + width / 2, y + height * side + (height - 0.5) * ring)


def _scale(dash: Iterable[float], zoom: float) -> tuple[float, ...]:
    return tuple(length * zoom for length in dash)
