from __future__ import annotations

import pytest

from summit_dash.graph.comparison import Part
from summit_dash.graph.stylesheet import build_stylesheet, style_edge, style_node
from summit_dash.graph.theme import COLOR_A, PALETTES, mix


@pytest.mark.parametrize("theme", PALETTES)
def test_parts_differ_by_more_than_colour(theme: str) -> None:
    looks = {part: style_node(PALETTES[theme], part) for part in Part}
    assert {(look.ring_width, look.is_dashed) for look in looks.values()} == {(4, False), (4, True), (2, False)}
    assert [style_edge(PALETTES[theme], part).is_dashed for part in (Part.ONLY_A, Part.SHARED, Part.ONLY_B)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("theme", PALETTES)
def test_a_node_of_one_graph_has_a_faint_ring(theme: str) -> None:
    look = style_node(PALETTES[theme])
    assert (look.ring_color, look.ring_width, look.is_dashed) == (PALETTES[theme].ink, 1, False)
    assert look.ring_opacity < 0.5
    assert style_edge(PALETTES[theme]).color == PALETTES[theme].ink


def test_themes_share_the_colour_of_a_and_differ_in_that_of_b() -> None:
    light, dark = PALETTES.values()
    assert style_node(light, Part.ONLY_A).ring_color == style_node(dark, Part.ONLY_A).ring_color == COLOR_A
    assert style_node(light, Part.ONLY_B).ring_color != style_node(dark, Part.ONLY_B).ring_color


def find_rule(theme: str, selector: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for rule in build_stylesheet(theme):
        if selector in rule["selector"].split(", "):
            found |= rule["style"]
    return found


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("part", Part)
def test_the_rules_of_a_part_are_its_looks(theme: str, part: Part) -> None:
    node, edge = style_node(PALETTES[theme], part), style_edge(PALETTES[theme], part)
    ring, line = find_rule(theme, f"node.{part.value}"), find_rule(theme, f"edge.{part.value}")
    assert (ring["border-color"], ring["border-width"]) == (node.ring_color, node.ring_width)
    assert (ring["border-style"] == "dashed") == node.is_dashed
    assert (line["line-color"], line["line-opacity"]) == (edge.color, edge.opacity)
    assert (line["line-style"] == "dashed") == edge.is_dashed


@pytest.mark.parametrize("theme", PALETTES)
def test_a_ring_that_shows_a_number_is_the_stronger_the_greater_and_dashed_below_0(theme: str) -> None:
    palette = PALETTES[theme]
    looks = [style_node(palette, level=level) for level in (-1, -0.5, 0.5, 1)]
    assert [look.is_dashed for look in looks] == [True, True, False, False]
    assert (looks[0].ring_color, looks[3].ring_color) == (palette.fall, palette.rise)
    assert looks[2].ring_color == mix(palette.hairline, palette.rise, 0.5)
    assert style_node(palette, level=0) == style_node(palette)
    rise, fall = find_rule(theme, "node[level > 0]"), find_rule(theme, "node[level < 0]")
    assert rise["border-color"] == f"mapData(level, 0, 1, {palette.hairline}, {palette.rise})"
    assert fall["border-color"] == f"mapData(level, -1, 0, {palette.fall}, {palette.hairline})"
    assert (rise["border-width"], fall["border-style"]) == (looks[0].ring_width, "dashed")


def test_a_state_comes_after_what_an_element_is() -> None:
    selectors = [rule["selector"] for rule in build_stylesheet("light")]
    assert selectors.index("node.bare, node.added") < selectors.index("node.chosen, node.cursor")
    assert selectors.index("node.bare, node.added") < selectors.index("node.only-a")
    assert selectors.index("node.bare, node.added") < selectors.index("node[level > 0]")
    assert selectors.index("node[level < 0]") < selectors.index("node.pinned")
    assert selectors.index("edge.only-b") < selectors.index("edge.lit")
    assert len(set(selectors)) == len(selectors)


def test_a_hidden_element_takes_no_pointer() -> None:
    assert find_rule("dark", ".hidden") == {"display": "none"}
