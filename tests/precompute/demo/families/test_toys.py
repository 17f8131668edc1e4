"""Things in the air: panels in two colours, and lines."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import toys
from precompute.demo.subject import Subject
from tests.support.objects import draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", toys.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


def test_a_basket_hangs_below_the_balloon() -> None:
    drawn = draw_object("hot-air balloon")
    (panels,), (basket,) = drawn.list_boxes("panels"), drawn.list_boxes("basket")

    assert basket[1] > panels[3]
    assert (basket[0] + basket[2]) == pytest.approx(panels[0] + panels[2], abs=2), "in the middle"


def test_lines_join_the_balloon_to_the_basket() -> None:
    drawn = draw_object("hot-air balloon")
    (lines,), (panels,), (basket,) = (drawn.list_boxes(part) for part in ("lines", "panels", "basket"))

    assert lines[1] < panels[3] and lines[3] > basket[1]


def test_the_line_of_a_kite_leaves_the_image() -> None:
    ((_, _, right, bottom),) = draw_object("kite").list_boxes("lines")

    assert (right, bottom) == (96, 96)


@pytest.mark.parametrize("name", ["hot-air balloon", "kite"])
def test_panels_have_two_colours(name: str) -> None:
    for index in range(4):
        pixels = draw_object(name, index, {"panels"}).pixels[find_mask(name, "panels", index)]
        assert pixels.std(axis=0).max() > 12


def test_the_tail_of_a_kite_is_below_its_panels() -> None:
    drawn = draw_object("kite")
    (tail,), (panels,) = drawn.list_boxes("tail"), drawn.list_boxes("panels")

    assert tail[3] > panels[3] and np.mean([tail[0], tail[2]]) == pytest.approx(48, abs=12)
