"""Stored pictures: as WebP, and as colours for the model."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from precompute.feature_visualization.storage.stored import decode_batch, encode_picture

CPU = torch.device("cpu")


def paint_gradient(n_colours: int) -> np.ndarray:
    """Paints a picture of 12 x 20 pixels that is brighter to the right, `(height, width, colour)`."""
    columns = np.linspace(0, 255, 20).astype(np.uint8)
    return np.broadcast_to(columns[None, :, None], (12, 20, n_colours)).copy()


def test_a_picture_is_decoded_to_nearly_its_own_colours() -> None:
    picture = paint_gradient(3)
    colours = decode_batch([encode_picture(picture, 90)], CPU)
    assert colours.shape == (1, 3, 12, 20) and colours.dtype == torch.float32
    expected = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    assert (colours - expected).abs().mean() < 0.02
    assert colours.min() >= 0 and colours.max() <= 1


def test_a_grey_picture_is_stored_as_rgb() -> None:
    grey = paint_gradient(1)
    assert encode_picture(grey, 85) == encode_picture(grey.repeat(3, axis=2), 85)
    with Image.open(io.BytesIO(encode_picture(grey, 85))) as stored:
        assert (stored.format, stored.mode, stored.size) == ("WEBP", "RGB", (20, 12))


def test_a_lower_quality_takes_fewer_bytes() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    low, high = (len(encode_picture(noise, quality)) for quality in (20, 95))
    assert low < high / 2


def test_a_batch_keeps_its_order() -> None:
    bright, dark = (encode_picture(np.full((8, 8, 3), value, np.uint8), 90) for value in (250, 5))
    means = decode_batch([bright, dark, bright], CPU).mean(dim=(1, 2, 3)).tolist()
    assert means == pytest.approx([250 / 255, 5 / 255, 250 / 255], abs=0.02)


def test_pictures_of_two_sizes_are_no_batch() -> None:
    images = [encode_picture(np.zeros((side, side, 3), np.uint8), 90) for side in (8, 9)]
    with pytest.raises(ValueError, match="same shape"):
        decode_batch(images, CPU)
