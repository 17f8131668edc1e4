"""One image file to RGB, or one sentence about why not."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from precompute.datasets.source import UnreadableImage

__all__ = ["BACKGROUND", "decode"]

BACKGROUND = (128, 128, 128)
"""What shows through transparent pixels: mid grey, near what networks are normalised to."""

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def decode(path: Path) -> Image.Image:
    """Decodes an image file to RGB, upright as its EXIF orientation says.

    Transparency is laid over mid grey, 16-bit grey values are scaled to 8 bits, of an animation the first frame is
    taken.

    Raises:
        UnreadableImage: the file is missing, truncated, no image, larger than Pillow holds safe, or has pixels
            without a stated range (floating point).
    """
    try:
        with Image.open(path) as image:
            _require_safe_size(image)
            image.load()
            return _to_rgb(_upright(image))
    except UnreadableImage:
        raise
    except Exception as problem:  # broken files make decoders raise nearly anything
        raise UnreadableImage(_reason(path, problem)) from problem


def _require_safe_size(image: Image.Image) -> None:
    """Pillow only warns between its limit and twice its limit."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and image.width * image.height > limit:
        raise UnreadableImage(
            f"has {image.width} x {image.height} pixels, more than the {limit:,} that Pillow holds safe"
        )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error, Warning):
        return image  # damaged metadata; the pixels are sound


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise UnreadableImage("has floating-point pixels, whose range no one states")
    if image.mode in _SIXTEEN_BIT:
        return _from_sixteen_bits(image)
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        return _without_alpha(image)
    return image.convert("RGB")


def _without_alpha(image: Image.Image) -> Image.Image:
    straight = image.convert("RGBA") if image.mode != "La" else image.convert("LA").convert("RGBA")
    ground = Image.new("RGBA", image.size, (*BACKGROUND, 255))
    return Image.alpha_composite(ground, straight).convert("RGB")


def _from_sixteen_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImage(f"has grey values from {values.min()} to {values.max()}, beyond 16 bits")
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")


def _reason(path: Path, problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return "does not exist"
    if isinstance(problem, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return f"has more than the {Image.MAX_IMAGE_PIXELS:,} pixels that Pillow holds safe"
    if isinstance(problem, UnidentifiedImageError):
        return "is empty" if path.stat().st_size == 0 else "is no image that Pillow knows"
    if isinstance(problem, OSError) and problem.strerror:
        return f"cannot be read ({problem.strerror})"
    return f"cannot be decoded ({str(problem) or type(problem).__name__})"
