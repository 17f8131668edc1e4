"""Subjects of graphs drawn in ASCII, without a run."""

from __future__ import annotations

import io
from collections.abc import Iterable

from PIL import Image

from summit_dash.export.scene import PictureSource
from summit_dash.export.shapes import Shape, Words
from summit_dash.export.subject import Origin, Side, Subject
from summit_dash.export.thumbnails import convert_picture
from summit_dash.graph.comparison import compare
from summit_dash.run.graphs import Channel, Graph
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import ClassInfo, LayerInfo
from tests.support.drawn_graphs import draw_graph

FOX = draw_graph("b | 1:90 2:10\na | 1:40", "a1>b1 a1>b2")
WOLF = draw_graph("b | 1:30 3:50\na | 1:80", "a1>b1 a1>b3")


def _make_side(class_id: int, name: str, n_images: int, graph: Graph) -> Side:
    return Side(ClassInfo(class_id, f"{name}, animal", f"n{class_id}", n_images, 0.75, None, None), name, "", graph)


def make_subject(a: Graph = FOX, b: Graph | None = None, covers: float = 100, name: str = "fox") -> Subject:
    """Makes the graph of a class of 100 images, or its comparison with one of 200."""
    layers = [LayerInfo(layer, index, 8, 3) for index, layer in enumerate(a.layers)]
    sides = [_make_side(4, name, 100, a)] + ([_make_side(7, "wolf", 200, b)] if b else [])
    return Subject(Origin("r", "Net", "Animals", "traced", layers), sides, compare(a, b) if b else None, covers)


def make_picture(
    color: str = "red", size: tuple[int, int] = (64, 48), mode: str = "RGB", format_: str = "WEBP"
) -> bytes:
    """Draws a picture of one colour."""
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, format_)
    return out.getvalue()


def _choose_kind(channel: Channel) -> PictureKind:
    return {2: PictureKind.EXAMPLE, 3: PictureKind.NONE}.get(channel.channel, PictureKind.VISUALIZATION)


PICTURES = PictureSource(_choose_kind, lambda channel, side: convert_picture(make_picture(), side))
"""Channel 2 has an example in place of a visualization, channel 3 no picture."""


def list_texts(shapes: Iterable[Shape]) -> list[str]:
    """Lists the words among shapes, in their order."""
    return [shape.text for shape in shapes if isinstance(shape, Words)]
