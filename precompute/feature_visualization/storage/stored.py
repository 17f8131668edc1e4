"""Stored pictures: encoding as WebP, and decoding to colours for the model."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from precompute.contract.pictures import encode_webp

__all__ = ["decode_batch", "encode_picture"]

_METHOD = 4
"""The effort of the WebP encoder. A picture takes a second to draw, so its bytes matter more than encoding time."""


def encode_picture(picture: NDArray[np.uint8], quality: int) -> bytes:
    """Encodes an RGB or grey picture, `(height, width, 3 or 1)`, as WebP of a quality from 0 to 100."""
    rgb = picture if picture.shape[2] == 3 else picture.repeat(3, axis=2)
    return encode_webp(Image.fromarray(rgb), quality, method=_METHOD)


def decode_batch(images: Sequence[bytes], device: torch.device) -> Tensor:
    """Decodes stored pictures of one size to RGB colours in [0, 1], `(batch, 3, height, width)`."""
    pixels = torch.from_numpy(np.stack([_decode(image) for image in images])).to(device)
    return pixels.permute(0, 3, 1, 2) / 255


def _decode(image: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(image)) as picture:
        return np.array(picture.convert("RGB"))
