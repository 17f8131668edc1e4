"""The decoding of one image, from a file or from bytes, to RGB; a failure gives one sentence with the reason."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from precompute.contract.labelled import MID_GREY, Colour, UnreadableImage
from precompute.datasets.png import iterate_reduced_pngs

__all__ = ["decode", "require_safe_size"]

_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N", "I")
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def decode(file: Path | bytes, background: Colour = MID_GREY) -> Image.Image:
    """Decodes an image to RGB, upright as its EXIF orientation says.

    Transparent pixels are laid over `background`. 16-bit grey values are scaled to 8 bits and rounded; 16-bit colours
    are cut to their upper 8 bits, which is what Pillow reads. An animation gives its first frame.

    Args:
        file: a path, or the content of an image file.
        background: RGB in 0..255.

    Raises:
        UnreadableImage: the file is missing, truncated or no image; it is larger than Pillow holds safe; its pixels
            have no stated range (floating point).
    """
    try:
        return _decode_file(file, background)
    except UnreadableImage:
        raise
    except Exception as problem:  # broken files make decoders raise nearly anything
        reduced = _decode_reduced(file, background) if isinstance(problem, ValueError | SyntaxError | OSError) else None
        if reduced is None:
            raise UnreadableImage(_state_reason(file, problem)) from problem
        return reduced


def _decode_file(file: Path | bytes, background: Colour) -> Image.Image:
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
            require_safe_size(image.width, image.height, "has {}")
            if not image.width * image.height:
                raise UnreadableImage("has no pixels")
            image.load()
            return _convert_to_rgb(_turn_upright(image), background)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as problem:
        safe = f"{Image.MAX_IMAGE_PIXELS:,} pixels that Pillow holds safe"
        raise UnreadableImage(f"has more than the {safe}") from problem


def _decode_reduced(file: Path | bytes, background: Colour) -> Image.Image | None:
    """Decodes a PNG without its texts and profiles; None if it is still unreadable, or no PNG."""
    with contextlib.suppress(OSError):
        for content in iterate_reduced_pngs(file if isinstance(file, bytes) else file.read_bytes()):
            try:
                return _decode_file(content, background)
            except UnreadableImage:
                raise
            except Exception:  # the caller reports the fault of the whole file
                continue
    return None


def require_safe_size(width: int, height: int, sentence: str) -> None:
    """Requires a size that Pillow holds safe; Pillow itself only warns between its limit and twice its limit.

    Args:
        width: in pixels.
        height: in pixels.
        sentence: the start of the message, with `{}` for the size.

    Raises:
        UnreadableImage: the size is greater.
    """
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height > limit:
        size = f"{width} x {height} pixels"
        raise UnreadableImage(f"{sentence.format(size)}, more than the {limit:,} that Pillow holds safe")


def _turn_upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error, Warning):
        return image  # damaged metadata; the pixels are sound


def _convert_to_rgb(image: Image.Image, background: Colour) -> Image.Image:
    if image.mode == "F":
        raise UnreadableImage("has floating-point pixels, whose range no one states")
    if image.mode in _SIXTEEN_BIT:
        return _convert_sixteen_bits(image, background)
    if "transparency" in image.info or image.mode in _WITH_ALPHA:
        return _remove_alpha(image, background)
    return image.convert("RGB")


def _remove_alpha(image: Image.Image, background: Colour) -> Image.Image:
    straight = image.convert("RGBA") if image.mode != "La" else image.convert("LA").convert("RGBA")
    ground = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(ground, straight).convert("RGB")


def _convert_sixteen_bits(image: Image.Image, background: Colour) -> Image.Image:
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImage(f"has grey values from {values.min()} to {values.max()}, beyond 16 bits")
    grey: NDArray[np.uint8] = ((values * 255 + 32767) // 65535).astype(np.uint8)
    pixels = np.repeat(grey[..., None], 3, axis=2)
    clear = image.info.get("transparency")
    if isinstance(clear, int):  # the one value that a PNG calls transparent
        pixels[values == clear] = background
    return Image.fromarray(pixels)


def _state_reason(file: Path | bytes, problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return "does not exist"
    if isinstance(problem, UnidentifiedImageError):
        size = len(file) if isinstance(file, bytes) else file.stat().st_size
        return "is empty" if size == 0 else "is no image that Pillow knows"
    if isinstance(problem, OSError) and problem.strerror:
        return f"cannot be read ({problem.strerror})"
    return f"cannot be decoded ({str(problem) or type(problem).__name__})"
