from __future__ import annotations

import pytest

from summit_dash.export.lettering import measure_width
from summit_dash.export.setting import LINE, Mark, Phrase, Text, build_phrase, flow, frame_text
from summit_dash.export.shapes import Box, Point, Rule, Shape, Stroke, Words

DOT = Rule(Point(0, 0), Point(1, 0), Stroke("#000", 1.0))
BLUE = Stroke("#00f", 2.0)


def make_phrase(width: float) -> Phrase:
    """Makes a phrase of one shape at its start."""
    return Phrase([DOT], width)


def find_starts(shapes: list[Shape]) -> list[Point]:
    return [shape.start for shape in shapes if isinstance(shape, Rule)]


def test_phrases_follow_each_other_until_the_line_is_full() -> None:
    # 10 + 100 + 22 = 132, where the second fits exactly into 232; the third would end at 354.
    shapes, baseline = flow([make_phrase(100)] * 3, Point(10, 26), 232)
    assert find_starts(shapes) == [(10, 26), (132, 26), (10, 26 + LINE)]
    assert baseline == 26 + LINE


def test_a_phrase_wider_than_a_line_is_alone_in_it() -> None:
    shapes, baseline = flow([make_phrase(500), make_phrase(50)], Point(10, 0), 200)
    assert find_starts(shapes) == [(10, 0), (10, LINE)]
    assert baseline == LINE


def test_no_phrases_take_the_line_that_they_start_in() -> None:
    assert flow([], Point(10, 26), 200) == ([], 26)


def test_a_mark_is_followed_by_the_next_piece_whatever_the_gap() -> None:
    phrase = build_phrase(Mark(18, 5, BLUE), Text("fox", 13, "#000"), Text("100", 13, "#000"), gap=12)
    _, fox, number = phrase.shapes
    assert isinstance(fox, Words) and isinstance(number, Words)
    assert fox.position == Point(18 + 7, 0)
    assert number.position.x == pytest.approx(25 + 1.06 * measure_width("fox", 13) + 12)
    assert phrase.width == pytest.approx(number.position.x + 1.06 * measure_width("100", 13))


def test_the_stroke_of_a_mark_lies_within_its_side() -> None:
    (box,) = build_phrase(Mark(18, 5, BLUE)).shapes
    assert isinstance(box, Box)
    assert (box.position.x, box.size, box.radius) == (1, (16, 16), 4)  # the stroke of 2 reaches 1 beyond the box


def test_the_letter_of_a_mark_is_in_its_middle() -> None:
    _, letter = build_phrase(Mark(18, 5, BLUE, "A")).shapes
    assert isinstance(letter, Words)
    assert (letter.text, letter.position.x, letter.is_centred) == ("A", 9, True)


def test_a_frame_has_the_same_space_before_and_after_its_words() -> None:
    phrase = frame_text("traced", "#000", "#ccc")
    box, words = phrase.shapes
    assert isinstance(box, Box) and isinstance(words, Words)
    taken = 1.06 * measure_width("traced", 11)
    before = words.position.x - box.position.x
    assert before == 6
    assert box.position.x + box.size[0] - (words.position.x + taken) == pytest.approx(before)
    assert phrase.width == box.size[0]
