"""A run's pictures as other programs read them: square, JPEG or PNG, no larger than is needed."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from precompute.contract.errors import InputError

__all__ = ["convert_picture"]

_QUALITY = 90


def convert_picture(image: bytes, side: int) -> bytes:
    """The middle square of a picture, at most `side` pixels wide: PNG where it is transparent anywhere, else JPEG.

    WebP, which a run holds, is not read by many programs that read SVG.

    Raises:
        InputError: it is no picture.
    """
    try:
        with Image.open(io.BytesIO(image)) as opened:
            is_transparent = opened.has_transparency_data
            whole = opened.convert("RGBA" if is_transparent else "RGB")
    except (UnidentifiedImageError, OSError) as problem:
        raise InputError(
            "A picture of a run is WebP.", f"{problem}.", "Make the run again with --overwrite."
        ) from problem
    side = min(side, *whole.size)
    square = ImageOps.fit(whole, (side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    if is_transparent:
        square.save(out, "PNG", optimize=True)
    else:
        square.save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()
