"""Plants: stem and leaves, trunk and fronds, cap and spots."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import plants
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", plants.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


@pytest.mark.parametrize(
    ("name", "part", "counts"),
    [
        ("sunflower", "leaf", {2}),
        ("tulip", "leaf", {2, 3}),
        ("tulip", "stem", {1, 2}),
        ("palm tree", "frond", {7}),
        ("toadstool", "cap", {1}),
    ],
)
def test_the_number_of_parts(name: str, part: str, counts: set[int]) -> None:
    assert {len(draw_object(name, index).list_boxes(part)) for index in range(20)} == counts


def test_a_cactus_has_at_most_two_arms_and_blooms_now_and_then() -> None:
    drawn = [draw_object("cactus", index) for index in range(16)]

    assert {len(one.list_boxes("arm")) for one in drawn} <= {0, 1, 2}
    assert 0.2 < np.mean([bool(one.list_boxes("petals")) for one in drawn]) < 0.9, "three in five"


def test_the_seeds_of_a_sunflower_are_darker_than_its_petals() -> None:
    assert compute_mean_colour("sunflower", "centre").mean() < compute_mean_colour("sunflower", "petals").mean() - 40


def test_the_spots_of_a_toadstool_are_light_and_within_its_cap() -> None:
    for index in range(4):
        assert not (find_mask("toadstool", "spots", index) & ~find_mask("toadstool", "cap", index)).any()
    assert compute_mean_colour("toadstool", "spots").min() > 200


def test_a_palm_carries_no_more_than_three_coconuts_below_its_crown() -> None:
    areas = [find_mask("palm tree", "coconuts", index).sum() for index in range(10)]

    assert min(areas) == 0 < max(areas) < 3 * 400
