"""Maps over their images."""

from __future__ import annotations

import numpy as np
from PIL import Image

from precompute.explanations.outputs.overlays import draw_cells, draw_overlay, find_limit


def test_red_speaks_for_the_class_blue_against_it_and_zero_shows_the_image() -> None:
    seen = np.full((1, 3, 3), 120, np.uint8)
    pixels = np.asarray(draw_overlay(seen, np.array([[1, -1, 0]], np.float32), "signed"))[0].astype(int)
    assert pixels[0, 0] > pixels[0, 2] and pixels[1, 2] > pixels[1, 0]
    assert len(set(pixels[2])) == 1
    positive = np.asarray(draw_overlay(seen, np.array([[1, -1, 0]], np.float32), "positive"))[0]
    assert (positive[1] == positive[2]).all()


def test_the_limit_of_an_empty_map_is_zero_and_few_bright_pixels_do_not_hide_the_others() -> None:
    assert find_limit(np.zeros((2, 2))) == 0
    values = np.ones((100, 100))
    values[0, 0] = 1000
    assert find_limit(values) == 1
    empty = np.asarray(draw_overlay(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.float32), "signed"))
    assert len(np.unique(empty)) == 1


def test_cells_show_the_picture_of_their_channel_and_the_image_where_there_is_none() -> None:
    drawn = draw_cells(np.zeros((2, 2, 3), np.uint8), np.array([[7, -1]]), {7: Image.new("RGB", (5, 5), "red")}, 10)
    assert drawn.size == (20, 10)
    assert drawn.getpixel((4, 4)) == (255, 0, 0) and drawn.getpixel((14, 4)) == (0, 0, 0)
