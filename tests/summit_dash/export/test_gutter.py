from __future__ import annotations

import pytest

from summit_dash.export.gutter import (
    RowSpan,
    build_gutter,
    build_parting_line,
    compute_gutter_width,
    find_row_spans,
)
from summit_dash.export.heading import MARGIN
from summit_dash.export.lettering import measure_width
from summit_dash.export.shapes import Box, Point, Rule, Words
from summit_dash.graph.comparison import compare
from summit_dash.graph.theme import COLOR_A, COLOR_B, COLOR_SHARED, PALETTES
from summit_dash.run.graphs import Channel
from tests.summit_dash.export.subjects import FOX, WOLF, list_texts, make_subject
from tests.support.drawn_graphs import draw_graph

LIGHT = PALETTES["light"]
SPANS = {"b": RowSpan(100, 140), "a": RowSpan(300, 300)}
"""The output's layer on top, in two lines."""


def test_a_row_spans_all_of_its_lines() -> None:
    points = {
        Channel("a", 1): Point(5, 300),
        Channel("b", 2): Point(0, 140),
        Channel("b", 1): Point(5, 100),
        Channel("b", 3): Point(9, 120),
    }
    spans = find_row_spans(points)
    assert list(spans.items()) == [("b", (100, 140)), ("a", (300, 300))]
    assert spans["b"].middle == 120


def test_the_gutter_is_as_wide_as_the_pages_unless_a_name_needs_more() -> None:
    assert compute_gutter_width(["a", "b"], is_compared=False) == 92
    assert compute_gutter_width(["a", "b"], is_compared=True) == 152
    name = "features.denseblock3"
    assert compute_gutter_width(["a", name], False) == pytest.approx(MARGIN + measure_width(name, 12, 600) + 8)
    assert compute_gutter_width(["a" * 200], False) == 240


def test_a_row_states_its_channels_at_its_middle() -> None:
    shapes = build_gutter(make_subject(), SPANS, LIGHT, 92)
    assert list_texts(shapes) == ["b", "2 channels", "a", "1 channel"]
    name, count = shapes[:2]
    assert isinstance(name, Words) and isinstance(count, Words)
    assert name.position.y < 120 < count.position.y


def test_a_filtered_row_states_how_many_of_its_channels_are_kept() -> None:
    # b-1 has 90 of 140 activations, with a-1 it is 93 %; b-2 is left out.
    assert list_texts(build_gutter(make_subject(covers=80), SPANS, LIGHT, 92)) == ["b", "1 of 2", "a", "1 channel"]


def test_a_name_wider_than_the_gutter_is_cut() -> None:
    layer = "a" * 200
    subject = make_subject(draw_graph(f"{layer} | 1"))
    (name, _) = build_gutter(subject, {layer: RowSpan(0, 0)}, LIGHT, 240)
    assert isinstance(name, Words)
    assert name.text.endswith("…") and MARGIN + measure_width(name.text, 12, 600) <= 240


def test_a_compared_row_states_jaccard_and_cosine() -> None:
    shapes = build_gutter(make_subject(FOX, WOLF), SPANS, LIGHT, 152)
    # Of b-1, b-2 and b-3 one is shared. No activation counts are given, so there is no cosine.
    assert list_texts(shapes) == ["b", "shared", "33 %", "alike", "–", "a", "shared", "100 %", "alike", "–"]


def test_the_bar_divides_its_width_by_the_three_parts() -> None:
    shapes = build_gutter(make_subject(FOX, WOLF), SPANS, LIGHT, 152)
    boxes = [shape for shape in shapes if isinstance(shape, Box)]
    third = (152 - 16 - 6 - 2) / 3  # two gaps of one pixel
    assert [(box.fill, box.size[0]) for box in boxes] == [
        (COLOR_A, pytest.approx(third)),
        (COLOR_SHARED, pytest.approx(third)),
        (COLOR_B, pytest.approx(third)),
        (COLOR_SHARED, 130),
    ]
    assert [box.position.x for box in boxes[:3]] == pytest.approx([16, 17 + third, 18 + 2 * third])
    (dashed,) = (shape for shape in shapes if isinstance(shape, Rule))
    assert dashed.start.x == boxes[2].position.x and dashed.stroke.dash


def test_the_line_where_two_part_is_halfway_to_the_row_below() -> None:
    line, backing, words = build_parting_line(compare(FOX, WOLF), SPANS, LIGHT, (152, 800))
    assert isinstance(line, Rule) and isinstance(backing, Box) and isinstance(words, Words)
    assert (line.start, line.end) == ((0, 220), (800, 220))
    assert words.text == "they part here ↑"
    assert 152 <= backing.position.x < words.position.x and backing.position.y > 220


def test_there_is_no_line_where_none_can_be_drawn() -> None:
    apart = compare(draw_graph("b | 1\na | 1"), draw_graph("b | 2\na | 2"))
    assert apart.parting_layer == "a"
    assert build_parting_line(apart, SPANS, LIGHT, (152, 800)) == []  # no row is below
    assert build_parting_line(compare(FOX, FOX), SPANS, LIGHT, (152, 800)) == []  # they share every channel
    assert build_parting_line(None, SPANS, LIGHT, (92, 800)) == []  # one class
