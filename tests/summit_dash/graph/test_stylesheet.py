from __future__ import annotations

import pytest

from summit_dash.graph.comparison import Part
from summit_dash.graph.stylesheet import style_edge, style_node
from summit_dash.graph.theme import COLOR_A, PALETTES


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
