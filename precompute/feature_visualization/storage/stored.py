"""Pictures as a run keeps them: WebP, and what the model is given when a stored picture is measured."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

__all__ = ["decode_batch", "encode_picture"]


def encode_picture(picture: NDArray[np.uint8], quality: int) -> bytes:
    """WebP of an RGB or grey picture `(height, width, 3 or 1)`; quality from 0 to 100."""
    buffer = io.BytesIO()
    rgb = picture if picture.shape[2] == 3 else picture.repeat(3, axis=2)
    Image.fromarray(rgb).save(buffer, "WEBP", quality=quality)
    return buffer.getvalue()


def decode_batch(images: Sequence[bytes], device: torch.device) -> Tensor:
    """Stored pictures of one size as colours in [0, 1], RGB, `(batch, 3, height, width)`."""
    pixels = torch.from_numpy(np.stack([_decode(image) for image in images])).to(device)
    return pixels.permute(0, 3, 1, 2) / 255


def _decode(image: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(image)) as picture:
        return np.array(picture.convert("RGB"))
