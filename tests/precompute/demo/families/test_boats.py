"""Boats: hull, mast, flag and wave, with sails or with funnels."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import boats
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, require_sound_drawings


@pytest.mark.parametrize("subject", boats.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


def test_the_sails_are_above_the_hull_and_the_wave_below() -> None:
    drawn = draw_object("sailboat")
    (hull,), (wave,) = drawn.list_boxes("hull"), drawn.list_boxes("wave")

    assert len(drawn.list_boxes("sail")) == 2
    assert all(sail[1] < hull[1] for sail in drawn.list_boxes("sail"))
    assert wave[3] >= hull[3]


def test_a_steamer_has_one_or_two_funnels_and_five_portholes() -> None:
    drawn = [draw_object("steamer", index) for index in range(8)]

    assert {len(one.list_boxes("funnel")) for one in drawn} == {1, 2}
    assert {len(one.list_boxes("porthole")) for one in drawn} == {5}


def test_smoke_rises_behind_the_funnel() -> None:
    drawn = draw_object("steamer")
    (smoke,), funnels = drawn.list_boxes("smoke"), drawn.list_boxes("funnel")

    assert smoke[1] < min(box[1] for box in funnels) and smoke[0] < min(box[0] for box in funnels)


def test_the_paint_of_hulls_varies() -> None:
    colours = np.array([compute_mean_colour("sailboat", "hull", index) for index in range(6)])

    assert colours.std(axis=0).max() > 20
