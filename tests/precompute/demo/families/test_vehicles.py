"""Vehicles: wheels, windows, headlight and bumper."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import vehicles
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, require_sound_drawings


@pytest.mark.parametrize("subject", vehicles.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


@pytest.mark.parametrize(
    ("name", "part", "count"),
    [
        ("car", "wheel", 2),
        ("bus", "wheel", 2),
        ("truck", "wheel", 3),
        ("tractor", "wheel", 2),
        ("car", "window", 2),
        ("bus", "window", 6),
        ("truck", "window", 1),
    ],
)
def test_the_number_of_parts(name: str, part: str, count: int) -> None:
    assert len(draw_object(name).list_boxes(part)) == count


def test_the_hind_wheel_of_a_tractor_is_the_larger() -> None:
    hind, front = draw_object("tractor").list_boxes("wheel")

    assert hind[0] < front[0] and hind[2] - hind[0] > 1.5 * (front[2] - front[0])


@pytest.mark.parametrize("name", ["car", "bus", "truck", "tractor"])
def test_the_headlight_is_at_the_front_and_wheels_at_the_ground(name: str) -> None:
    drawn = draw_object(name)
    (lamp,), wheels = drawn.list_boxes("headlight"), drawn.list_boxes("wheel")

    assert lamp[0] > 48
    assert len({box[3] for box in wheels}) == 1 and wheels[0][3] > lamp[3]


def test_the_paint_of_cars_varies() -> None:
    colours = np.array([compute_mean_colour("car", "cabin", index) for index in range(10)])

    assert colours.std(axis=0).min() > 15


def test_a_truck_carries_a_box_or_single_goods() -> None:
    tops = {draw_object("truck", index, {"load"}).list_boxes("load")[0][1] for index in range(12)}

    assert len(tops) == 2, "a box is of another height than goods"
