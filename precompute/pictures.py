"""Pictures as a run stores them."""

from __future__ import annotations

import io

from PIL import Image

from precompute.config import ExampleConfig

__all__ = ["encode_webp"]


def encode_webp(picture: Image.Image, config: ExampleConfig) -> bytes:
    """WebP of an RGB picture, reduced to the config's size; tiny ones are enlarged by whole pixels to show crisp."""
    longest = max(picture.size)
    if longest > config.size:
        scale = config.size / longest
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    elif longest * 2 <= config.size // 2:
        factor = config.size // 2 // longest
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=config.quality, method=2)
    return file.getvalue()
