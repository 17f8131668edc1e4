"""Buildings: walls, windows, door and roof, and the marks of each class."""

from __future__ import annotations

import pytest

from precompute.demo.families import buildings
from precompute.demo.subject import Subject
from tests.support.objects import draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", buildings.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


@pytest.mark.parametrize(
    ("name", "part", "counts"),
    [
        ("house", "window", {2}),
        ("windmill", "sails", {4}),
        ("windmill", "window", {1}),
        ("castle", "tower", {2, 3}),
        ("castle", "flag", {2, 3}),
        ("lighthouse", "lantern", {1}),
    ],
)
def test_the_number_of_parts(name: str, part: str, counts: set[int]) -> None:
    assert {len(draw_object(name, index).list_boxes(part)) for index in range(13)} == counts


def test_each_tower_has_a_roof_with_a_flag() -> None:
    for index in range(4):
        drawn = draw_object("castle", index)
        towers = drawn.list_boxes("tower")
        assert len(towers) == len(drawn.list_boxes("roof")) == len(drawn.list_boxes("flag"))


def test_the_lantern_is_above_the_walls_and_shines() -> None:
    drawn = draw_object("lighthouse")
    (lantern,), (walls,) = drawn.list_boxes("lantern"), drawn.list_boxes("walls")

    assert lantern[1] < walls[1]
    assert find_mask("lighthouse", "lantern").sum() > 9 * (lantern[2] - lantern[0]) * (lantern[3] - lantern[1]), (
        "the glow is wider than the box, which holds the lamp alone"
    )


@pytest.mark.parametrize("name", ["house", "windmill", "lighthouse", "castle"])
def test_the_door_is_at_the_foot_of_the_building(name: str) -> None:
    drawn = draw_object(name)
    (door,), (walls,) = drawn.list_boxes("door"), drawn.list_boxes("walls")

    assert walls[0] < door[0] and door[2] < walls[2] and abs(door[3] - walls[3]) <= 1


def test_the_sails_of_windmills_are_turned() -> None:
    masks = [find_mask("windmill", "sails", index) for index in (0, 1)]

    assert (masks[0] != masks[1]).any()
