"""The picture of a graph as the page shows it. Positions and sizes come from `elements`, looks from `stylesheet`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from summit_dash.export.fit import Size, bend, fit_graph
from summit_dash.export.gutter import build_gutter, build_parting_line, compute_gutter_width, find_row_spans
from summit_dash.export.heading import MARGIN, build_footing, build_heading, describe
from summit_dash.export.lettering import measure_width
from summit_dash.export.shapes import Box, GraphScene, Point, Rule, SceneEdge, SceneNode, Stroke, Words
from summit_dash.export.subject import Subject
from summit_dash.graph.comparison import Part
from summit_dash.graph.elements import Element, Pictures, build_comparison_elements, build_graph_elements
from summit_dash.graph.stylesheet import EDGE_DASH, RING_DASH, WAY_DASH, WAY_OPACITY, NodeLook, style_edge, style_node
from summit_dash.graph.theme import PALETTES, Palette
from summit_dash.graph.ways import Way
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind

__all__ = ["ROOM", "PictureSource", "build_elements", "build_scene"]

ROOM = Size(1200, 800)
"""Default size of the stage, about that of the page in a large window."""
_LABEL, _LARGEST_LABEL, _HAIRLINE = 11.0, 34.0, 0.9
"""Pixels, units of the layout, and pixels again, as in `assets/src/views/graph_viewport.js`."""
_MOST_RADIUS, _MARK = 8.0, 16.0

_SHARPNESS = 4
"""Pixels of an embedded picture for each pixel of the scene, so that it can be printed or enlarged four times."""
_FOOT = 30.0


class PictureSource(NamedTuple):
    """The pictures of channels: `kind` of each, and `read`, which returns it as JPEG or PNG of a greatest width."""

    kind: Callable[[Channel], PictureKind]
    read: Callable[[Channel, int], bytes | None]


class _Stage(NamedTuple):
    """The colours of the picture, and its pixels for each unit of the layout."""

    palette: Palette
    zoom: float


def build_scene(subject: Subject, pictures: PictureSource, theme: str = "light", room: Size = ROOM) -> GraphScene:
    """Builds the graph with its heading, in pixels.

    Channels that the filter leaves out keep their space, as on the page.

    Args:
        subject: the graph or comparison.
        pictures: of its channels.
        theme: `light` or `dark`.
        room: size of the stage, which grows where the graph needs more.
    """
    palette = PALETTES[theme]
    elements = build_elements(subject, pictures.kind)
    points = {_read_channel(e): Point(**e["position"]) for e in elements if "position" in e}
    gutter = compute_gutter_width({channel.layer for channel in points}, subject.comparison is not None)
    fit = fit_graph(points.values(), room, gutter)
    width = fit.size.width
    heading, top = build_heading(subject, palette, width)
    positions = {channel: fit.locate(point, top) for channel, point in points.items()}
    nodes, edges = _draw(subject, elements, positions, _Stage(palette, fit.zoom), pictures)
    spans = find_row_spans(positions)
    bottom = top + fit.size.height
    has_examples = any(node.example_mark for node in nodes)
    shapes = [
        *heading,
        Rule(Point(0.0, top), Point(width, top), Stroke(palette.hairline, 1.0)),
        *build_gutter(subject, spans, palette, gutter),
        *build_parting_line(subject.comparison, spans, palette, (gutter, width)),
        *build_footing(subject, has_examples, palette, Point(MARGIN, bottom + _FOOT / 2), width),
    ]
    size = Size(round(width), round(bottom + _FOOT))
    return GraphScene(size, palette.paper, _build_title(subject), describe(subject), edges, nodes, shapes)


def _build_title(subject: Subject) -> str:
    names = " and ".join(side.label for side in subject.sides)
    return f"Comparison of {names}" if subject.comparison else f"Attribution graph of {names}"


def build_elements(subject: Subject, shown: Pictures) -> list[Element]:
    """Builds the elements that the page draws, also those that the filter leaves out."""
    if subject.comparison is None:
        side = subject.sides[0]
        return build_graph_elements(side.graph, side.info.n_images, shown, subject.looks)
    a, b = ((side.info.short_name, side.info.n_images) for side in subject.sides)
    return build_comparison_elements(
        (subject.sides[0].graph, subject.sides[1].graph), subject.comparison, (a, b), shown
    )


def _read_channel(element: Element) -> Channel:
    return Channel(element["data"]["layer"], element["data"]["channel"])


def _read_part(element: Element) -> Part | None:
    return Part(element["data"]["part"]) if element["data"]["part"] else None


def _draw(
    subject: Subject,
    elements: Sequence[Element],
    positions: Mapping[Channel, Point],
    stage: _Stage,
    pictures: PictureSource,
) -> tuple[list[SceneNode], list[SceneEdge]]:
    """Draws the nodes and edges that the filter keeps."""
    kept = [e for e in elements if e["data"]["covered"] < subject.covers or subject.covers >= 100]
    nodes = [_draw_node(e, positions[_read_channel(e)], stage, pictures) for e in kept if "position" in e]
    drawn = {node.channel_id: node for node in nodes}
    edges = [
        _draw_edge(e, drawn[e["data"]["source"]], drawn[e["data"]["target"]], stage)
        for e in kept
        if "position" not in e
    ]
    ways = [_draw_way(way, drawn[way.source.channel_id], drawn[way.target.channel_id], stage) for way in subject.ways]
    return nodes, [*ways, *edges]


def _draw_node(element: Element, position: Point, stage: _Stage, pictures: PictureSource) -> SceneNode:
    data, zoom = element["data"], stage.zoom
    look = style_node(stage.palette, _read_part(element), data.get("level", 0.0))
    side = data["size"] * zoom
    ring = Stroke(
        look.ring_color,
        look.ring_width * zoom,
        look.ring_opacity,
        _scale(RING_DASH, zoom) if look.is_dashed else (),
    )
    frame = Box(
        Point(position.x - side / 2, position.y - side / 2),
        (side, side),
        min(data["size"] / 4, _MOST_RADIUS) * zoom,
        look.fill,
        stroke=ring,
    )
    number, backing = _draw_number(data["label"], Point(position.x, frame.position.y), look, zoom)
    picture = pictures.read(_read_channel(element), ceil(side * _SHARPNESS)) if data["picture"] else None
    mark = _MARK * zoom if picture is not None and "example" in element["classes"].split() else 0.0
    return SceneNode(data["id"], frame, number, backing, picture, mark, data["notes"], data["part"])


def _draw_number(text: str, top: Point, look: NodeLook, zoom: float) -> tuple[Words, Box]:
    """Draws a channel's number above its node, and the backing that keeps it legible over edges."""
    size = min(_LABEL, _LARGEST_LABEL * zoom)
    baseline = top.y - 2 - 0.24 * size
    width = measure_width(text, size) + 2
    words = Words(text, Point(top.x, baseline), size, look.number_color, is_centred=True)
    position = Point(top.x - width / 2, baseline - 0.8 * size)
    return words, Box(position, (width, size), fill=look.backing_color, opacity=look.backing_opacity)


def _draw_edge(element: Element, source: SceneNode, target: SceneNode, stage: _Stage) -> SceneEdge:
    data = element["data"]
    look = style_edge(stage.palette, _read_part(element))
    stroke = Stroke(
        look.color,
        max(data["width"] * stage.zoom, _HAIRLINE),
        look.opacity,
        _scale(EDGE_DASH, stage.zoom) if look.is_dashed else (),
    )
    points = bend(_find_port(source.frame, 0.0), _find_port(target.frame, 1.0))
    return SceneEdge(data["source"], data["target"], points, stroke, element["classes"])


def _draw_way(way: Way, source: SceneNode, target: SceneNode, stage: _Stage) -> SceneEdge:
    """Draws a way up through channels outside the graph, faint."""
    stroke = Stroke(
        stage.palette.ink, max(stage.zoom, _HAIRLINE), WAY_OPACITY, _scale(WAY_DASH, max(stage.zoom, _HAIRLINE))
    )
    points = bend(_find_port(source.frame, 0.0), _find_port(target.frame, 1.0))
    through = tuple(channel.channel_id for channel in way.through)
    return SceneEdge(source.channel_id, target.channel_id, points, stroke, "way", through)


def _find_port(frame: Box, height: float) -> Point:
    """Finds the point where edges meet a node: outside its ring, in the middle of its upper (0) or lower (1) side."""
    (x, y), (width, side) = frame.position, frame.size
    ring = frame.stroke.width if frame.stroke else 0.0
    return Point(x + width / 2, y + height * side + (height - 0.5) * ring)


def _scale(dash: Iterable[float], zoom: float) -> tuple[float, ...]:
    return tuple(length * zoom for length in dash)
