"""How the graph is drawn: a cytoscape stylesheet per theme."""

from __future__ import annotations

from typing import Any

from summit_dash.graph.theme import COLOR_A, COLOR_SHARED, PALETTES, Palette

__all__ = ["build_stylesheets"]

Rule = dict[str, Any]


def build_stylesheets() -> dict[str, list[Rule]]:
    """One stylesheet per theme."""
    return {name: [*_nodes(p), *_edges(p), *_parts(p), *_states(p)] for name, p in PALETTES.items()}


def _rule(selector: str, style: dict[str, Any]) -> Rule:
    return {"selector": selector, "style": style}


def _nodes(palette: Palette) -> list[Rule]:
    plain = {
        "shape": "round-rectangle",
        "width": "data(size)",
        "height": "data(size)",
        "background-color": palette.hairline,
        "border-width": 1,
        "border-color": palette.ink,
        "border-opacity": 0.18,
        "label": "data(label)",
        "font-family": "Inter, system-ui, sans-serif",
        "font-size": 14,
        "color": palette.muted,
        "text-valign": "top",
        "text-halign": "center",
        "text-margin-y": -3,
        "text-background-color": palette.paper,
        "text-background-opacity": 0.8,
        "text-background-padding": 1,
        "overlay-opacity": 0,
        "transition-property": "opacity",
        "transition-duration": 160,
    }
    picture = {"background-image": "data(picture)", "background-fit": "cover", "background-clip": "node"}
    example = {
        "background-image": "data(picture)",
        "background-fit": ["cover", "none"],
        "background-width": ["100%", "16px"],
        "background-height": ["100%", "16px"],
        "background-position-x": ["50%", "100%"],
        "background-position-y": ["50%", "100%"],
        "background-clip": ["node", "node"],
    }
    return [_rule("node", plain), _rule("node.pictured", picture), _rule("node.example", example)]


def _edges(palette: Palette) -> list[Rule]:
    style = {
        "curve-style": "unbundled-bezier",
        "edge-distances": "endpoints",
        "source-endpoint": "0% -50%",
        "target-endpoint": "0% 50%",
        "width": "data(width)",
        "line-color": palette.ink,
        "line-opacity": 0.2,
        "overlay-opacity": 0,
        "events": "no",
        "z-index": 0,
        "transition-property": "opacity, line-opacity",
        "transition-duration": 160,
    }
    return [_rule("edge", style)]


def _parts(palette: Palette) -> list[Rule]:
    """Never colour alone: A has a solid ring, B a dashed one, what is shared a plain hairline."""
    ring = {"border-width": 4, "border-opacity": 1}
    return [
        _rule("node.only-a", {**ring, "border-color": COLOR_A, "border-style": "solid"}),
        _rule("node.only-b", {**ring, "border-color": palette.b, "border-style": "dashed"}),
        _rule("node.shared", {"border-width": 2, "border-opacity": 1, "border-color": COLOR_SHARED}),
        _rule("edge.only-a", {"line-color": COLOR_A, "line-opacity": 0.34}),
        _rule("edge.only-b", {"line-color": palette.b, "line-opacity": 0.4, "line-style": "dashed"}),
        _rule("edge.shared", {"line-color": COLOR_SHARED, "line-opacity": 0.5}),
    ]


def _states(palette: Palette) -> list[Rule]:
    return [
        _rule("node.chosen", {"underlay-color": palette.accent, "underlay-opacity": 0.9, "underlay-padding": 5,
                              "underlay-shape": "round-rectangle", "color": palette.accent, "font-weight": "bold"}),
        _rule(".faded", {"opacity": 0.13}),
        _rule("edge.faded", {"opacity": 0.25}),
        _rule("edge.lit", {"line-opacity": 0.75, "z-index": 2}),
        _rule("node.lit", {"color": palette.ink, "z-index": 3}),
        _rule(".filtered", {"display": "none"}),
    ]  # fmt: skip
