"""PNG files without their texts and colour profiles, which may be damaged or larger than Pillow reads."""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["iterate_reduced_pngs"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRANSPARENCY = b"tRNS"
_TEXTS_WITH_ORIENTATION = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")


def iterate_reduced_pngs(content: bytes) -> Iterator[bytes]:
    """Yields the same picture without most of its ancillary chunks.

    The first result keeps the chunks that may hold the orientation, the second drops them too. A result that is no
    shorter than the one before is left out; a file that is no PNG has no results. No chunk is decompressed. The layout
    of a chunk is that of the PNG specification, third edition (W3C 2025), section 5.3: length, type, data, checksum.

    Args:
        content: of the file.
    """
    if not content.startswith(_SIGNATURE):
        return
    before = len(content)
    for with_orientation in (True, False):
        chunks = [chunk for chunk in _iterate_chunks(content) if _is_kept(chunk, with_orientation)]
        reduced = b"".join([_SIGNATURE, *chunks])
        if len(reduced) < before:
            yield reduced
        before = len(reduced)


def _iterate_chunks(content: bytes) -> Iterator[memoryview]:
    """Yields the chunks in order; the last may be cut off."""
    view, start = memoryview(content), len(_SIGNATURE)
    while start < len(content):
        length = struct.unpack_from(">I", content, start)[0] if start + 4 <= len(content) else 0
        yield view[start : start + length + 12]
        start += length + 12


def _is_kept(chunk: memoryview, with_orientation: bool) -> bool:
    kind = bytes(chunk[4:8])
    is_critical = not kind[:1].islower()
    has_orientation = kind == b"eXIf" or bytes(chunk[8:40]).startswith(_TEXTS_WITH_ORIENTATION)
    return is_critical or kind == _TRANSPARENCY or (with_orientation and has_orientation)
