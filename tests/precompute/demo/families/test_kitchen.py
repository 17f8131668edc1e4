"""China: teapot and cup, with a pattern that stays on the body, and with steam."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import kitchen
from precompute.demo.subject import Subject
from tests.support.objects import draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", kitchen.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


@pytest.mark.parametrize("name", ["teapot", "cup"])
def test_the_pattern_stays_on_the_body(name: str) -> None:
    for index in range(8):
        assert not (find_mask(name, "pattern", index) & ~find_mask(name, "body", index)).any()


def test_some_china_is_plain() -> None:
    plain = [not find_mask("teapot", "pattern", index).any() for index in range(20)]

    # Three standard errors of one in four over 20 drawings.
    assert 0 < np.mean(plain) < 0.55


def test_steam_rises_from_the_spout_and_from_the_rim_while_it_is_hot() -> None:
    for name, part in (("teapot", "spout"), ("cup", "rim")):
        hot = [index for index in range(12) if draw_object(name, index).list_boxes("steam")]
        assert 4 <= len(hot) <= 11, "seven in ten"
        drawn = draw_object(name, hot[0])
        ((_, top, _, _),) = drawn.list_boxes("steam")
        assert top < drawn.list_boxes(part)[0][1]


def test_handles_are_at_opposite_sides() -> None:
    (teapot,), (cup,) = (draw_object(name).list_boxes("handle") for name in ("teapot", "cup"))

    assert teapot[0] < 48 and cup[2] > 48 and teapot[2] < cup[0]


def test_the_drink_fills_the_rim() -> None:
    drawn = draw_object("cup", 0, {"rim"})

    (left, top, right, bottom) = drawn.list_boxes("rim")[0]
    middle = drawn.pixels[3 * (top + bottom) // 2, 3 * (left + right) // 2]
    assert middle.max() < 200, "a drink is darker than the rim"
