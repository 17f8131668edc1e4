"""The size of an image from the head of its file, before anything of it is unpacked."""

from __future__ import annotations

import io
import re
import warnings

from PIL import Image

__all__ = ["count_pixels"]


def count_pixels(content: bytes) -> int:
    """Returns the number of pixels that the head of an image's file states; 0 for what is no image.

    Pillow refuses heads that state more than twice its own limit; its refusal names their number.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as image:
                return image.width * image.height
    except Image.DecompressionBombError as problem:
        stated = re.search(r"\((\d+) pixels\)", str(problem))
        return int(stated[1]) if stated else 2 * (Image.MAX_IMAGE_PIXELS or 0)
    except Exception:  # what it is instead is said where it is read
        return 0
