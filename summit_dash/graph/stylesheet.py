"""The looks of a graph's nodes and edges: as `assets/src/views/graph_canvas.js` draws them."""

from __future__ import annotations

from dataclasses import dataclass

from summit_dash.graph.comparison import Part
from summit_dash.graph.theme import COLOR_A, COLOR_SHARED, Palette

__all__ = ["EdgeLook", "NodeLook", "style_edge", "style_node"]


@dataclass(frozen=True)
class NodeLook:
    """The look of a node. The width of its ring is in units of the layout."""

    fill: str
    ring_color: str
    ring_width: float
    ring_opacity: float
    is_dashed: bool
    number_color: str
    backing_color: str
    backing_opacity: float


@dataclass(frozen=True)
class EdgeLook:
    """The look of an edge."""

    color: str
    opacity: float
    is_dashed: bool


def style_node(palette: Palette, part: Part | None = None) -> NodeLook:
    """Returns the look of a node of one class's graph, or of a part of a comparison.

    Parts never differ by colour alone: A has a solid ring, B a dashed one, and what both share a thin one.
    """
    ring: tuple[str, float, float, bool] = {
        None: (palette.ink, 1, 0.18, False),
        Part.ONLY_A: (COLOR_A, 4, 1, False),
        Part.ONLY_B: (palette.b, 4, 1, True),
        Part.SHARED: (COLOR_SHARED, 2, 1, False),
    }[part]
    return NodeLook(palette.hairline, *ring, palette.muted, palette.paper, 0.8)


def style_edge(palette: Palette, part: Part | None = None) -> EdgeLook:
    """Returns the look of an edge of one class's graph, or of a part of a comparison."""
    return {
        None: EdgeLook(palette.ink, 0.2, False),
        Part.ONLY_A: EdgeLook(COLOR_A, 0.34, False),
        Part.ONLY_B: EdgeLook(palette.b, 0.4, True),
        Part.SHARED: EdgeLook(COLOR_SHARED, 0.5, False),
    }[part]
