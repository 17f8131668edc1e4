from __future__ import annotations

from summit_dash.export.shapes import Box, Point, Rule, Stroke, Words, move

THIN = Stroke("#000", 1.0)


def test_words_move_by_the_start_of_their_baseline() -> None:
    words = Words("fox", Point(1, 2), 12, "#000", 600, is_centred=True)
    assert move(words, 10, -5) == Words("fox", Point(11, -3), 12, "#000", 600, is_centred=True)
    assert words.position == (1, 2)


def test_a_moved_box_keeps_its_size_and_look() -> None:
    box = Box(Point(1, 2), (30, 40), 3, "#fff", 0.5, THIN)
    assert move(box, 1, 1) == Box(Point(2, 3), (30, 40), 3, "#fff", 0.5, THIN)


def test_both_ends_of_a_line_move() -> None:
    assert move(Rule(Point(0, 0), Point(5, 0), THIN), 2, 3) == Rule(Point(2, 3), Point(7, 3), THIN)
