"""Which files are images by their names: what the Pillow that is installed can open."""

from __future__ import annotations

import functools

from PIL import Image, features

__all__ = ["image_suffixes"]

_NO_IMAGES = frozenset({"BUFR", "GRIB", "HDF5", "WMF", "MPEG", "EPS"})
"""Formats that Pillow knows and does not decode by itself: it would need a handler, or start Ghostscript."""

_CODECS = {"AVIF": "avif", "JPEG2000": "jpg_2000", "WEBP": "webp", "JPEG": "jpg"}
"""Formats that Pillow may have been built without, and what it calls their libraries."""


@functools.cache
def image_suffixes() -> frozenset[str]:
    """Returns the endings of image files, in lower case with their dots."""
    known = Image.registered_extensions()
    return frozenset(suffix.lower() for suffix, kind in known.items() if _is_read(kind))


@functools.cache
def _is_read(kind: str) -> bool:
    if kind in _NO_IMAGES or kind not in Image.OPEN:
        return False
    return kind not in _CODECS or bool(features.check(_CODECS[kind]))
