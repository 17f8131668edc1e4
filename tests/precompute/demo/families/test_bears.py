"""Bears: one drawing in two furs, and the panda in black and white."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import bears
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", bears.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


def test_black_and_brown_bear_have_the_same_parts_and_other_colours() -> None:
    black, brown = draw_object("black bear", 4), draw_object("brown bear", 4)

    assert black.parts == brown.parts
    changed = (black.pixels != brown.pixels).any(axis=2)
    furry = np.logical_or.reduce([find_mask("black bear", part, 4) for part in ("body", "paw", "ears", "head")])
    assert changed.any() and not (changed & ~furry).any()


def test_the_colours_of_the_two_furs_stay_apart() -> None:
    for index in range(4):
        black, brown = (compute_mean_colour(name, "ears", index) for name in ("black bear", "brown bear"))
        assert brown[0] - black[0] > 50, "red is what makes brown fur brown"


def test_a_panda_has_dark_ears_and_eye_patches_on_a_light_head() -> None:
    head = compute_mean_colour("panda", "head").mean()

    assert compute_mean_colour("panda", "ears").mean() < head / 2
    assert compute_mean_colour("panda", "eye patches").mean() < head / 2


@pytest.mark.parametrize("name", ["black bear", "brown bear", "panda"])
def test_a_bear_has_four_paws(name: str) -> None:
    assert len(draw_object(name).list_boxes("paw")) == 4
