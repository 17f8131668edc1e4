"""Pictures as they are stored: their size, their pixels, their formats."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from precompute.contract.example_images import Form
from precompute.contract.pictures import encode_crop, encode_jpeg, encode_webp, fit


def draw_noise(width: int, height: int, seed: int = 0) -> Image.Image:
    """Draws an RGB picture of random pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def decode(encoded: bytes) -> Image.Image:
    """Decodes a picture, all of it."""
    image = Image.open(io.BytesIO(encoded))
    image.load()
    return image


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((256, 128), (128, 64)),
        ((1000, 1), (128, 1)),
        ((128, 128), (128, 128)),
        ((33, 20), (33, 20)),
        ((32, 20), (64, 40)),
        ((7, 3), (63, 27)),
        ((1, 1), (64, 64)),
    ],
    ids=str,
)
def test_large_pictures_shrink_and_tiny_ones_grow_by_a_whole_factor(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    """The limit is 128 px. A picture of up to 32 px grows by the greatest factor that keeps it within 64 px."""
    assert fit(Image.new("RGB", before), 128).size == after


def test_a_tiny_picture_stays_crisp() -> None:
    picture = draw_noise(3, 2)

    grown = np.asarray(fit(picture, 24))

    assert np.array_equal(grown, np.asarray(picture).repeat(4, axis=0).repeat(4, axis=1))


def test_a_picture_that_fits_is_itself() -> None:
    picture = draw_noise(40, 30)

    assert fit(picture, 40) is picture


def test_lossless_webp_keeps_every_pixel_and_lossy_webp_the_size() -> None:
    picture = draw_noise(20, 10)

    assert np.array_equal(np.asarray(decode(encode_webp(picture, 50, lossless=True))), np.asarray(picture))
    lossy = decode(encode_webp(picture, 50))
    assert lossy.format == "WEBP" and lossy.size == (20, 10)


def test_a_crop_has_the_size_and_the_quality_of_its_form() -> None:
    picture = draw_noise(256, 128)

    good, poor = (encode_crop(picture, Form(size=64, quality=quality)) for quality in (95, 10))

    assert decode(good).size == decode(poor).size == (64, 32)
    assert len(good) > len(poor)


def test_jpeg_keeps_the_colour_of_each_pixel() -> None:
    """Red and blue columns, one pixel wide: with chroma subsampling they would mix to violet."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2, 0] = pixels[:, 1::2, 2] = 255

    decoded = np.asarray(decode(encode_jpeg(Image.fromarray(pixels), 95)).convert("RGB")).astype(int)

    assert np.abs(decoded - pixels).max() < 40


def test_the_same_picture_has_the_same_bytes() -> None:
    assert encode_jpeg(draw_noise(9, 9), 92) == encode_jpeg(draw_noise(9, 9), 92)
    assert encode_webp(draw_noise(9, 9), 80) == encode_webp(draw_noise(9, 9), 80)
