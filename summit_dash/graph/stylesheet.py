"""The looks of a graph's nodes and edges, and the stylesheet that Cytoscape draws them by on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from summit_dash.graph.comparison import Part
from summit_dash.graph.theme import COLOR_A, COLOR_SHARED, PALETTES, Palette, mix

__all__ = [
    "EDGE_DASH",
    "LEVEL_RING",
    "RING_DASH",
    "WAY_DASH",
    "WAY_OPACITY",
    "EdgeLook",
    "NodeLook",
    "build_stylesheet",
    "style_edge",
    "style_node",
]

RING_DASH = (4.0, 2.0)
"""Lengths of a dash and a gap of a ring, in units of the layout. Cytoscape has no other ones."""
WAY_DASH, WAY_OPACITY = (1.5, 5.0), 0.45
"""Lengths of line and gap of a way up outside the graph, and its opacity."""
EDGE_DASH = (6.0, 3.0)
"""Lengths of a dash and a gap of an edge, in units of the layout: those of Cytoscape where a rule has no others."""

LEVEL_RING = 6.0
"""Width of a ring whose colour shows a number, in units of the layout."""

Rule = dict[str, Any]


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


def style_node(palette: Palette, part: Part | None = None, level: float = 0.0) -> NodeLook:
    """Returns the look of a node of one class's graph, or of a part of a comparison.

    Parts never differ by colour alone: A has a solid ring, B a dashed one, and what both share a thin one. Where a
    ring shows a number, `level` is its share of the greatest: dashed below 0, plain at 0.
    """
    if level:
        color = mix(palette.hairline, palette.rise if level > 0 else palette.fall, abs(level))
        return NodeLook(palette.hairline, color, LEVEL_RING, 1, level < 0, palette.muted, palette.paper, 0.8)
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


def build_stylesheet(theme: str) -> list[Rule]:
    """Builds the rules of Cytoscape for a theme, `light` or `dark`.

    Classes of elements are their part (`shared`, `only-a`, `only-b`), what they are, and their state (`lit`, `faded`,
    `chosen`, `pinned`, `cursor` of the keyboard, `hidden`, `tight` where an edge has no room). They are `bare` without
    a picture, `named` by a label, `added` if a layer is expanded, a `way` up outside the graph, or a `ghost` in the
    `tray` of sources outside the graph.
    """
    palette = PALETTES[theme]
    return [
        *_build_node_rules(palette),
        *_build_level_rules(palette),
        *_build_edge_rules(palette),
        *_build_tray_rules(palette),
        *_build_state_rules(palette),
    ]


def _build_node_rules(palette: Palette) -> list[Rule]:
    plain = style_node(palette)
    picture = {
        "background-image": "data(image)",
        "background-fit": "data(fit)",
        "background-clip": "node",
        "background-image-crossorigin": "null",
        "background-position-x": "data(across)",
        "background-position-y": "data(down)",
    }
    return [
        _build_rule(
            "node",
            {
                "shape": "round-rectangle",
                "width": "data(size)",
                "height": "data(size)",
                "background-color": plain.fill,
                "label": "data(label)",
                "font-family": "Inter, system-ui, sans-serif",
                "font-size": "data(font)",
                "color": plain.number_color,
                "text-valign": "top",
                "text-halign": "center",
                "text-margin-y": "data(lift)",
                "text-outline-color": plain.backing_color,
                "text-outline-width": "data(halo)",
                "text-events": "no",
                **_build_ring(plain),
            },
        ),
        _build_rule(
            "node.named",
            {"text-wrap": "ellipsis", "text-max-width": "data(room)", "color": palette.ink, "font-weight": 500},
        ),
        _build_rule("node[image]", picture),
        _build_rule(
            "node.bare, node.added", {"border-color": COLOR_SHARED, "border-opacity": 1, "border-style": "dashed"}
        ),
        *(_build_rule(f"node.{part.value}", _build_ring(style_node(palette, part))) for part in Part),
    ]


def _build_level_rules(palette: Palette) -> list[Rule]:
    """Builds the rings that show a number, as `style_node` has them: `level` of a node is from -1 to 1."""
    ring = {"border-width": LEVEL_RING, "border-opacity": 1}
    rise, fall = f"{palette.hairline}, {palette.rise}", f"{palette.fall}, {palette.hairline}"
    return [
        _build_rule(
            "node[level > 0]", {**ring, "border-color": f"mapData(level, 0, 1, {rise})", "border-style": "solid"}
        ),
        _build_rule(
            "node[level < 0]", {**ring, "border-color": f"mapData(level, -1, 0, {fall})", "border-style": "dashed"}
        ),
    ]


def _build_edge_rules(palette: Palette) -> list[Rule]:
    return [
        _build_rule(
            "edge",
            {
                "curve-style": "unbundled-bezier",
                "edge-distances": "node-position",
                "control-point-distances": "data(distances)",
                "control-point-weights": "data(weights)",
                "width": "data(width)",
                **_build_line(style_edge(palette)),
            },
        ),
        *(_build_rule(f"edge.{part.value}", _build_line(style_edge(palette, part))) for part in Part),
        _build_rule("edge.added", {"line-style": "dashed", "line-dash-pattern": [2, 3]}),
        _build_rule(
            "edge.way",
            {
                "line-style": "dashed",
                "line-dash-pattern": [*WAY_DASH],
                "line-cap": "round",
                "line-opacity": WAY_OPACITY,
            },
        ),
    ]


def _build_tray_rules(palette: Palette) -> list[Rule]:
    on_top = {"z-compound-depth": "top", "z-index-compare": "manual"}
    tray = {
        "background-color": palette.raised,
        "border-color": palette.hairline,
        "border-opacity": 1,
        "border-width": 1,
        "width": "data(width)",
        "height": "data(height)",
        "label": "data(label)",
        "text-valign": "bottom",
        "text-margin-y": "data(drop)",
        "text-outline-color": palette.raised,
        "events": "no",
        "z-index": 1,
    }
    ghost_edge = {
        "line-color": palette.accent,
        "line-opacity": 0.55,
        "line-style": "dashed",
        "line-dash-pattern": [4, 3],
    }
    ghost = {
        "border-color": COLOR_SHARED,
        "border-opacity": 1,
        "border-style": "dashed",
        "text-outline-color": palette.raised,
    }
    return [
        _build_rule("node.tray", {**tray, **on_top}),
        _build_rule("edge.ghost", {**ghost_edge, **on_top, "z-index": 2, "events": "no"}),
        _build_rule("node.ghost", {**ghost, **on_top, "z-index": 3}),
    ]


def _build_state_rules(palette: Palette) -> list[Rule]:
    chosen = {"border-color": palette.accent, "border-opacity": 1, "border-style": "solid"}
    lit = {"line-opacity": 0.85, "line-style": "dashed", "line-dash-pattern": "data(dash)"}
    return [
        _build_rule(":active", {"overlay-opacity": 0}),
        _build_rule("node.pinned", {"border-color": palette.accent, "border-opacity": 1, "border-width": 2.5}),
        _build_rule("node.chosen, node.cursor", {**chosen, "border-width": 4}),
        _build_rule("node.chosen", {"color": palette.accent, "font-weight": "bold"}),
        _build_rule("node.faded", {"opacity": 0.18}),
        _build_rule("edge.faded", {"opacity": 0.15}),
        _build_rule("edge.lit", lit),
        _build_rule("edge.lit[part = ''], edge.lit.shared", {"line-color": palette.accent}),
        _build_rule(".hidden, .tight", {"display": "none"}),
        _build_rule(
            "core", {"active-bg-opacity": 0, "selection-box-color": palette.accent, "selection-box-opacity": 0.12}
        ),
    ]


def _build_rule(selector: str, style: dict[str, Any]) -> Rule:
    return {"selector": selector, "style": style}


def _build_ring(look: NodeLook) -> dict[str, Any]:
    return {
        "border-color": look.ring_color,
        "border-width": look.ring_width,
        "border-opacity": look.ring_opacity,
        "border-style": "dashed" if look.is_dashed else "solid",
    }


def _build_line(look: EdgeLook) -> dict[str, Any]:
    return {
        "line-color": look.color,
        "line-opacity": look.opacity,
        "line-style": "dashed" if look.is_dashed else "solid",
    }
