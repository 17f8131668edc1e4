"""Heat maps as pictures: neutral at zero, one colour scale per family, opaque far from zero."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from summit_dash.figures.heat_maps import draw_heat_map, draw_part, draw_scale, find_scale, write_data_address


def read(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGBA")).astype(int)


def test_signed_maps_are_red_for_blue_against_and_faint_at_zero() -> None:
    values = np.zeros((224, 224), np.float32)
    values[0, 0], values[0, 1] = 2.0, -2.0
    pixels = read(draw_heat_map(values, "signed"))
    red, blue, neutral = pixels[0, 0], pixels[0, 1], pixels[5, 5]
    assert red[0] > red[2] + 50 and blue[2] > blue[0] + 50
    assert np.ptp(neutral[:3]) < 12 and neutral[3] < 60 and red[3] == blue[3] == 255
    assert find_scale(values) == 2.0


def test_positive_maps_use_the_whole_scale_from_zero() -> None:
    values = np.linspace(0, 5, 224 * 224, dtype=np.float32).reshape(224, 224)
    pixels, scale = read(draw_heat_map(values, "positive")), read(draw_scale("positive"))
    assert (pixels[0, 0, :3] == scale[0, 0, :3]).all() and (pixels[-1, -1, :3] == scale[0, -1, :3]).all()


def test_a_small_grid_is_enlarged_and_an_empty_map_is_drawn() -> None:
    assert read(draw_heat_map(np.ones((7, 7), np.float32), "positive")).shape == (224, 224, 4)
    assert read(draw_heat_map(np.zeros((7, 7), np.float32), "signed"))[..., 3].max() < 60
    assert write_data_address(b"abc", "png") == "data:image/png;base64,YWJj"


def test_a_part_keeps_the_picture_of_its_map_in_the_place_of_the_numbers() -> None:
    values = np.random.default_rng(0).normal(size=(224, 224)).astype(np.float32)
    part = draw_part({"map": values, "family": "signed", "title": "one"})
    assert part == {
        "family": "signed", "title": "one", "picture": draw_heat_map(values, "signed"), "scale": find_scale(values)
    }  # fmt: skip
    assert len(part["picture"]) < values.nbytes / 4, "also of a map that is nothing but noise"
    assert (
        draw_part({"problem": 1}) == {"problem": 1}
        and draw_part(b"file") == b"file"
        and draw_part((1, b"")) == (1, b"")
    )
