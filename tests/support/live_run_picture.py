"""A small picture as the content of a file."""

from __future__ import annotations

import io

from PIL import Image


def write_picture(kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (120, 80, 40)).save(file, kind)
    return file.getvalue()
