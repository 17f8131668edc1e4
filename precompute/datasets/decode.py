"""One image, from a file or from bytes, to RGB; or one sentence about why not."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from precompute.contract.labelled import MID_GREY, Colour, UnreadableImage
from precompute.datasets.png import reduced_pngs

__all__ = ["decode", "require_safe_size"]

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def decode(file: Path | bytes, background: Colour = MID_GREY) -> Image.Image:
    """Decodes an image to RGB, upright as its EXIF orientation says.

    Transparent pixels are laid over `background`. 16-bit grey values are scaled to 8 bits and rounded; of 16-bit
    colours the upper 8 bits are taken, which is what Pillow reads. Of an animation the first frame is taken.

    Args:
        file: a path, or the content of an image file.
        background: RGB in 0..255.

    Raises:
        UnreadableImage: the file is missing, truncated, no image, larger than Pillow holds safe, or has pixels
            without a stated range (floating point).
    """
    try:
        return _decoded(file, background)
    except UnreadableImage:
        raise
    except Exception as problem:  # broken files make decoders raise nearly anything
        reduced = (
            _decoded_reduced(file, background) if isinstance(problem, ValueError | SyntaxError | OSError) else None
        )
        if reduced is None:
            raise UnreadableImage(_reason(file, problem)) from problem
        return reduced


def _decoded(file: Path | bytes, background: Colour) -> Image.Image:
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
            require_safe_size(image.width, image.height, "has {}")
            if not image.width * image.height:
                raise UnreadableImage("has no pixels")
            image.load()
            return _to_rgb(_upright(image), background)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        safe = f"{Image.MAX_IMAGE_PIXELS:,} pixels that Pillow holds safe"
        raise UnreadableImage(f"has more than the {safe}") from problem


def _decoded_reduced(file: Path | bytes, background: Colour) -> Image.Image | None:
    """The image without its texts and profiles, where these are what cannot be read; None for all others."""
    with contextlib.suppress(OSError):
        for content in reduced_pngs(file if isinstance(file, bytes) else file.read_bytes()):
            try:
                return _decoded(content, background)
            except UnreadableImage:
                raise
            except Exception:  # what is told is what was wrong with the whole file
                continue
    return None


def require_safe_size(width: int, height: int, sentence: str) -> None:
    """Checks a size before memory is taken; Pillow itself only warns between its limit and twice its limit.

    Args:
        width: in pixels.
        height: in pixels.
        sentence: what the image does, with `{}` for the size.

    Raises:
        UnreadableImage: the size is more than Pillow holds safe.
    """
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        size = f"{width} x {height} pixels"
        raise UnreadableImage(f"{sentence.format(size)}, more than the {limit:,} that Pillow holds safe")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error, Warning):
        return image  # damaged metadata; the pixels are sound


def _to_rgb(image: Image.Image, background: Colour) -> Image.Image:
    if image.mode == "F":
        raise UnreadableImage("has floating-point pixels, whose range no one states")
    if image.mode in _SIXTEEN_BIT:
        return _from_sixteen_bits(image, background)
    if "transparency" in image.info or image.mode in _WITH_ALPHA:
        return _without_alpha(image, background)
    return image.convert("RGB")


def _without_alpha(image: Image.Image, background: Colour) -> Image.Image:
    straight = image.convert("RGBA") if image.mode != "La" else image.convert("LA").convert("RGBA")
    ground = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(ground, straight).convert("RGB")


def _from_sixteen_bits(image: Image.Image, background: Colour) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImage(f"has grey values from {values.min()} to {values.max()}, beyond 16 bits")
    grey: NDArray[np.uint8] = ((values * 255 + 32767) // 65535).astype(np.uint8)
    pixels = np.repeat(grey[..., None], 3, axis=2)
    clear = image.info.get("transparency")
    if isinstance(clear, int):  # the one value that a PNG calls transparent
        pixels[values == clear] = background
    return Image.fromarray(pixels)


def _reason(file: Path | bytes, problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return "does not exist"
    if isinstance(problem, UnidentifiedImageError):
        size = len(file) if isinstance(file, bytes) else file.stat().st_size
        return "is empty" if size == 0 else "is no image that Pillow knows"
    if isinstance(problem, OSError) and problem.strerror:
        return f"cannot be read ({problem.strerror})"
    return f"cannot be decoded ({str(problem) or type(problem).__name__})"
