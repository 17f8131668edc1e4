"""Colours, outlines and frames, with numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompute.demo.shapes import (
    WHOLE,
    Pose,
    darken,
    jitter,
    lighten,
    make_block,
    make_oval,
    make_sector,
    mix,
    pick,
    smooth,
)


@pytest.mark.parametrize(("share", "expected"), [(0, (0, 100, 200)), (1, (100, 0, 200)), (0.25, (25, 75, 200))])
def test_colours_are_mixed_by_their_share(share: float, expected: tuple[int, int, int]) -> None:
    assert mix((0, 100, 200), (100, 0, 200), share) == expected


def test_light_and_shadow_move_towards_white_and_deep_blue() -> None:
    assert lighten((100, 100, 100), 1) == (255, 250, 235)
    assert darken((100, 100, 100), 1) == (18, 20, 48)
    assert lighten((100, 100, 100), 0) == darken((100, 100, 100), 0) == (100, 100, 100)


@given(st.integers(0, 2**32), st.tuples(*[st.integers(0, 255)] * 3), st.integers(0, 40))
def test_a_colour_moves_by_no_more_than_the_amount(seed: int, colour: tuple[int, int, int], amount: int) -> None:
    moved = jitter(np.random.default_rng(seed), colour, amount)

    assert all(0 <= new <= 255 and abs(new - old) <= amount for new, old in zip(moved, colour, strict=True))


def test_a_colour_is_picked_near_one_of_the_options() -> None:
    rng = np.random.default_rng(0)
    picked = {pick(rng, [(0, 0, 0), (200, 200, 200)], 5)[0] > 100 for _ in range(30)}

    assert picked == {True, False}


def test_an_oval_touches_its_half_axes_and_turns() -> None:
    points = make_oval(10, 20, 4, 2)
    assert points.min(axis=0) == pytest.approx((6, 18), abs=0.02)
    assert points.max(axis=0) == pytest.approx((14, 22), abs=0.02)
    assert make_oval(0, 0, 3) == pytest.approx(make_oval(0, 0, 3, 3))
    turned = make_oval(10, 20, 4, 2, 90)
    assert turned.max(axis=0) == pytest.approx((12, 24), abs=0.02)


def test_a_sector_runs_from_one_angle_to_the_other() -> None:
    points = make_sector((0, 0, 2, 1), 0, 90)

    assert points[0] == pytest.approx((2, 0)) and points[-1] == pytest.approx((0, 1)), "90 degrees is down"


def test_a_block_has_four_corners_or_rounded_ones() -> None:
    assert make_block(0, 1, 2, 4).tolist() == [[0, 1], [2, 1], [2, 4], [0, 4]]
    rounded = make_block(0, 0, 2, 2, 0.5)
    assert len(rounded) == 20
    assert (rounded.min(), rounded.max()) == pytest.approx((0, 2))
    assert np.hypot(*(rounded - 1).T).max() < np.sqrt(2), "no point reaches a corner"


def test_a_smooth_curve_passes_through_its_points() -> None:
    square = [[0, 0], [2, 0], [2, 2], [0, 2]]

    curve = smooth(square, 6)

    assert curve.shape == (24, 2)
    assert curve[::6].tolist() == square
    assert curve[3] == pytest.approx((1, -0.25)), "a Catmull-Rom curve bulges by an eighth of the side"


def test_a_pose_scales_turns_and_mirrors() -> None:
    assert Pose(10, 20, 5).to_pixels([(1, 1)]).tolist() == [[15, 25]]
    assert Pose(10, 20, 5, 90).to_pixels([(1, 0)])[0] == pytest.approx((10, 25)), "clockwise, since y grows downwards"
    assert Pose(10, 20, 5, 0, True).to_pixels([(1, 1)]).tolist() == [[5, 25]]
    assert WHOLE.to_pixels([(0.5, 1)]).tolist() == [[48, 96]]


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-90, 90), st.booleans())
def test_a_child_is_placed_within_its_parent(x: float, y: float, angle: float, flip: bool) -> None:
    parent = Pose(40, 50, 20, 30, flip)

    child = parent.make_child(x, y, 0.5, angle)

    assert child.to_pixels([(0, 0)])[0] == pytest.approx(parent.to_pixels([(x, y)])[0])
    reach = np.radians(angle)
    end = parent.to_pixels([(x + 0.5 * np.cos(reach), y + 0.5 * np.sin(reach))])[0]
    assert child.to_pixels([(1, 0)])[0] == pytest.approx(end)
