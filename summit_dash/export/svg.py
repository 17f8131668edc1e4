"""The SVG of a scene: one file with its pictures inside."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from summit_dash.export.lettering import FONT_STACK, choose_typefaces
from summit_dash.export.markup import Element, add, format_number, serialize
from summit_dash.export.shapes import Box, GraphScene, Point, Rule, SceneEdge, SceneNode, Shape, Stroke, Words
from summit_dash.graph.theme import PALETTES

__all__ = ["write_svg"]

_MARK_DARK = PALETTES["dark"].paper
_PNG = b"\x89PNG"


def write_svg(scene: GraphScene) -> bytes:
    """Writes the picture with title and description for screen readers, and a title per channel and influence."""
    width, height = (format_number(float(length)) for length in scene.size)
    root = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink", "role": "img"},
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
    )
    root.set("font-family", FONT_STACK)
    root.set("aria-labelledby", "graph-title graph-description")
    add(root, "title", scene.title, id="graph-title")
    add(root, "desc", scene.description, id="graph-description")
    add(root, "rect", class_="paper", width=width, height=height, fill=scene.paper)
    edges = add(root, "g", class_="edges", fill="none")
    for edge in scene.edges:
        _add_edge(edges, edge)
    nodes = add(root, "g", class_="nodes")
    for index, node in enumerate(scene.nodes):
        _add_node(nodes, node, f"clip{index}")
    words = add(root, "g", class_="words")
    for shape in scene.shapes:
        _add_shape(words, shape)
    return serialize(root)


def _add_edge(parent: Element, edge: SceneEdge) -> None:
    start, leaving, middle, arriving, end = (
        f"{format_number(float(x))} {format_number(float(y))}" for x, y in edge.points
    )
    path = f"M{start}Q{leaving} {middle}Q{arriving} {end}"
    element = add(parent, "path", class_=f"edge {edge.part}".rstrip(), d=path, **_list_stroke(edge.stroke))
    way = f", the strongest way up, through {', '.join(edge.through)}, not in the graph" if edge.through else ""
    add(element, "title", f"{edge.source} to {edge.target}{way}")


def _add_node(parent: Element, node: SceneNode, clip: str) -> None:
    group = add(parent, "g", class_=f"node {node.part}".rstrip(), id=node.channel_id)
    lines = [node.channel_id, *node.notes]
    if node.example_mark:
        lines.append("best dataset example, no visualization")
    add(group, "title", "\n".join(lines))
    _add_shape(group, node.frame._replace(stroke=None))
    if node.picture is not None:
        _add_picture(group, node, clip)
    _add_shape(group, node.frame._replace(fill=None))
    _add_shape(group, node.backing)
    _add_shape(group, node.number)


def _add_picture(parent: Element, node: SceneNode, clip: str) -> None:
    picture = node.picture or b""
    type_ = "png" if picture.startswith(_PNG) else "jpeg"
    corners = add(parent, "clipPath", id=clip)
    _add_shape(corners, Box(node.frame.position, node.frame.size, node.frame.radius, "#000"))
    clipped = add(parent, "g", clip_path=f"url(#{clip})")
    (x, y), (width, height) = node.frame.position, node.frame.size
    image = add(clipped, "image", x=x, y=y, width=width, height=height)
    image.set("preserveAspectRatio", "xMidYMid slice")
    # The attribute of SVG 1.1: older programs need it, and newer ones read it too.
    image.set("xlink:href", f"data:image/{type_};base64,{b64encode(picture).decode()}")
    if node.example_mark:
        _add_example_mark(clipped, Point(x + width, y + height), node.example_mark)


def _add_example_mark(parent: Element, corner: Point, side: float) -> None:
    """Draws the dark corner of `assets/example-mark.svg`, which is 32 wide."""
    x, y, scale = corner.x - side, corner.y - side, side / 32
    mark = add(parent, "g", class_="example-mark", transform=f"translate({x:.2f} {y:.2f}) scale({scale:.4f})")
    add(mark, "path", d="M32 0v32H0Z", fill=_MARK_DARK, fill_opacity=0.82)
    add(mark, "path", d="M27.5 18v9.5h-9.5z", fill="none", stroke="#fff", stroke_width=2, stroke_linejoin="round",
        stroke_dasharray="2.5 2.2")  # fmt: skip


def _add_shape(parent: Element, shape: Shape) -> None:
    if isinstance(shape, Words):
        _add_words(parent, shape)
    elif isinstance(shape, Rule):
        (x, y), (u, v) = shape.start, shape.end
        add(parent, "line", x1=x, y1=y, x2=u, y2=v, **_list_stroke(shape.stroke))
    else:
        (x, y), (width, height) = shape.position, shape.size
        add(parent, "rect", x=x, y=y, width=width, height=height, rx=shape.radius or None, fill=shape.fill or "none",
            fill_opacity=shape.opacity if shape.opacity < 1 else None, **_list_stroke(shape.stroke))  # fmt: skip


def _add_words(parent: Element, words: Words) -> None:
    add(
        parent,
        "text",
        words.text,
        x=words.position.x,
        y=words.position.y,
        font_size=words.size,
        font_weight=words.weight if words.weight != 400 else None,
        font_family=choose_typefaces(words.text),
        fill=words.color,
        text_anchor="middle" if words.is_centred else None,
    )


def _list_stroke(stroke: Stroke | None) -> dict[str, Any]:
    if stroke is None:
        return {}
    return {
        "stroke": stroke.color,
        "stroke_width": stroke.width,
        "stroke_opacity": stroke.opacity if stroke.opacity < 1 else None,
        "stroke_dasharray": " ".join(format_number(length) for length in stroke.dash) or None,
    }
