"""The endings of image files that the installed Pillow can open."""

from __future__ import annotations

import functools

from PIL import Image, features

__all__ = ["find_image_suffixes"]

_NO_IMAGES = frozenset({"BUFR", "GRIB", "HDF5", "WMF", "MPEG", "EPS"})
"""Formats that Pillow knows but does not decode alone: it needs a handler, or starts Ghostscript."""

_CODECS = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp", "JPEG": "jpg"}
"""Formats that a build of Pillow may lack, with its names for their libraries."""


@functools.cache
def find_image_suffixes() -> frozenset[str]:
    """Returns the endings of image files, in lower case with their dots."""
    known = Image.registered_extensions()
    return frozenset(suffix.lower() for suffix, kind in known.items() if _is_read(kind))


@functools.cache
def _is_read(kind: str) -> bool:
    if kind in _NO_IMAGES or kind not in Image.OPEN:
        return False
    return kind not in _CODECS or bool(features.check(_CODECS[kind]))
