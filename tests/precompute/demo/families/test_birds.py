"""Birds: their shared parts, and the things that one of them alone has."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import birds
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, require_sound_drawings


@pytest.mark.parametrize("subject", birds.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


@pytest.mark.parametrize("name", ["owl", "parrot"])
def test_birds_of_the_forest_sit_on_a_branch_across_the_image(name: str) -> None:
    ((left, top, right, bottom),) = draw_object(name).list_boxes("branch")

    assert (left, right) == (0, 96) and bottom - top < 40


def test_a_duck_swims_on_ripples_below_its_body() -> None:
    drawn = draw_object("duck")
    (ripples,), (body,) = drawn.list_boxes("ripples"), drawn.list_boxes("body")

    assert ripples[3] > body[3] and not drawn.list_boxes("feet")


def test_some_penguins_wear_a_scarf() -> None:
    scarves = [bool(draw_object("penguin", index, {"scarf"}).list_boxes("scarf")) for index in range(20)]

    assert 0 < np.mean(scarves) < 1


@pytest.mark.parametrize(("name", "n_wings"), [("owl", 2), ("parrot", 1), ("duck", 1), ("penguin", 2)])
def test_birds_in_profile_show_one_wing(name: str, n_wings: int) -> None:
    assert len(draw_object(name).list_boxes("wing")) == n_wings


def test_a_beak_is_orange() -> None:
    for name in ("owl", "duck", "penguin"):
        red, green, blue = compute_mean_colour(name, "beak")
        assert red > green > blue and red - blue > 100
