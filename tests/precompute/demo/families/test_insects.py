"""Insects: wings, spots and antennae."""

from __future__ import annotations

import pytest

from precompute.demo.families import insects
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", insects.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


def test_a_butterfly_has_two_wings_on_each_side() -> None:
    boxes = draw_object("butterfly").list_boxes("wing")
    middles = sorted((left + right) / 2 - 48 for left, _, right, _ in boxes)

    assert len(boxes) == 4
    assert middles[1] < 0 < middles[2]
    assert middles == pytest.approx([-m for m in middles[::-1]], abs=1), "the sides are mirror images"


def test_the_stripes_of_a_bee_are_dark_and_within_its_yellow_body() -> None:
    stripes, body = find_mask("bee", "stripes"), find_mask("bee", "body")

    assert stripes.any() and not (stripes & ~body).any()
    assert compute_mean_colour("bee", "stripes").mean() < 90
    red, _, blue = compute_mean_colour("bee", "body")
    assert red - blue > 100


def test_a_ladybird_has_four_to_six_spots_on_its_shell() -> None:
    shell = find_mask("ladybird", "shell")
    for index in range(4):
        assert not (find_mask("ladybird", "spots", index) & ~shell).any()
    areas = [find_mask("ladybird", "spots", index).sum() for index in range(16)]
    assert max(areas) > 1.3 * min(areas)


@pytest.mark.parametrize("name", ["butterfly", "bee", "ladybird"])
def test_antennae_are_at_the_upper_end(name: str) -> None:
    drawn = draw_object(name)
    (antennae,) = drawn.list_boxes("antennae")

    assert antennae[1] < min(box[1] for box in drawn.list_boxes("head"))
