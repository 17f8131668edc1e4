"""The supersampled picture: which pixels are filled, shaded, mottled or clipped."""

import numpy as np
import pytest

from precompute.demo.canvas import CANVAS_SIZE, Canvas
from precompute.demo.shapes import make_block, make_oval

GREY = (120, 120, 120)


def read_pixels(canvas: Canvas) -> np.ndarray:
    """Reads the canvas, `(288, 288, 3)`."""
    return np.asarray(canvas.image).astype(int)


def test_a_polygon_is_filled_in_image_pixels() -> None:
    canvas = Canvas(55)
    canvas.fill(make_block(10, 20, 30, 40), GREY, 0)

    filled = (read_pixels(canvas) == GREY).all(axis=2)
    assert (filled[60:120, 30:90]).all()
    assert filled.sum() == 61 * 61, "Pillow fills the last row and column, too"


def test_shade_darkens_the_side_away_from_the_light() -> None:
    for angle, light_from_left in ((55, True), (125, False)):
        canvas = Canvas(angle)
        canvas.fill(make_block(10, 10, 20, 20), GREY, 0.5)
        filled = read_pixels(canvas)[31:60, 31:60].mean(axis=2)
        left, right = filled[:, :10].mean(), filled[:, -10:].mean()
        assert (left > right + 10) == light_from_left
        assert filled[:10].mean() > filled[-10:].mean() + 10, "light comes from above"


def test_a_shape_outside_of_the_canvas_draws_nothing() -> None:
    canvas = Canvas(55)
    for shade in (0, 0.5):
        canvas.fill(make_block(-30, -30, -10, -10), GREY, shade)
    canvas.add_grain(make_block(100, 0, 120, 20), GREY, 1, (0, 0))

    assert not read_pixels(canvas).any()


def test_grain_mottles_within_the_polygon_only() -> None:
    canvas = Canvas(55)
    canvas.add_grain(make_block(10, 10, 40, 40), (255, 255, 255), 1, (7, 9))

    pixels = read_pixels(canvas)
    assert pixels[30:120, 30:120].std() > 30
    pixels[30:122, 30:122] = 0
    assert not pixels.any()


def test_a_glow_fades_from_its_middle() -> None:
    canvas = Canvas(55)
    canvas.add_glow(make_oval(48, 48, 20), (255, 255, 255), 0.8)

    row = read_pixels(canvas)[144, :, 0]
    assert row[144] == pytest.approx(204, abs=6)
    assert row[144] > row[120] > row[100] > row[86] >= 0 and row[80] == 0


def test_a_gradient_runs_from_one_colour_to_the_other_and_is_cut_to_the_canvas() -> None:
    canvas = Canvas(55)
    canvas.fill_gradient(0.5, 1.5, (0, 0, 0), (200, 100, 0))

    column = read_pixels(canvas)[:, 7]
    assert not column[:145].any()
    assert column[-1].tolist() == [200, 100, 0]
    canvas.fill_gradient(1.2, 1.5, GREY, GREY)
    assert (read_pixels(canvas)[:, 7] == column).all()


def test_a_veil_changes_every_pixel_by_its_share() -> None:
    canvas = Canvas(55)
    canvas.add_veil((200, 100, 0), 0.5)

    assert read_pixels(canvas).reshape(-1, 3).std(axis=0).max() == 0
    assert read_pixels(canvas)[0, 0] == pytest.approx((100, 50, 0), abs=1)


def test_a_line_has_round_ends() -> None:
    canvas = Canvas(55)
    canvas.draw_line(np.array([(20.0, 48.0), (70.0, 48.0)]), 10, GREY)

    filled = read_pixels(canvas).any(axis=2)
    assert filled[144, 47] and not filled[144, 42]
    assert filled[131, 60:200].all() and not filled[131, 48]


def test_a_clip_restricts_drawing_and_ends_after_an_error() -> None:
    canvas = Canvas(55)
    with pytest.raises(RuntimeError), canvas.clip(make_block(0, 0, 10, 10)):
        canvas.fill(make_block(5, 5, 50, 50), GREY, 0)
        raise RuntimeError
    filled = read_pixels(canvas).any(axis=2)
    assert filled[20, 20] and not filled[40, 40]

    canvas.fill(make_block(5, 5, 50, 50), GREY, 0)
    assert read_pixels(canvas).any(axis=2)[40, 40] and CANVAS_SIZE == 288
