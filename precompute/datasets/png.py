"""A PNG reduced to its pixels: texts and colour profiles may be larger than Pillow reads, or damaged."""

from __future__ import annotations

import struct
from collections.abc import Iterator

__all__ = ["reduced_pngs"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TRANSPARENCY = b"tRNS"
_TEXTS_WITH_ORIENTATION = (b"Raw profile type exif\0", b"XML:com.adobe.xmp\0")


def reduced_pngs(content: bytes) -> Iterator[bytes]:
    """Yields the same picture without most of its ancillary chunks: first with those that may tell its orientation.

    No chunk is decompressed. Nothing is yielded for another kind of file, or where there is nothing to leave out. The
    layout is that of the PNG specification, third edition, section 5.3: length, type, data, checksum.

    Args:
        content: of the file.
    """
    if not content.startswith(_SIGNATURE):
        return
    before = len(content)
    for with_orientation in (True, False):
        chunks = [chunk for chunk in _chunks(content) if _is_kept(chunk, with_orientation)]
        reduced = b"".join([_SIGNATURE, *chunks])
        if len(reduced) < before:
            yield reduced
        before = len(reduced)


def _chunks(content: bytes) -> Iterator[memoryview]:
    """The chunks in order; the last may be cut off."""
    view, place = memoryview(content), len(_SIGNATURE)
    while place < len(content):
        length = struct.unpack_from(">I", content, place)[0] if place + 4 <= len(content) else 0
        yield view[place : place + length + 12]
        place += length + 12


def _is_kept(chunk: memoryview, with_orientation: bool) -> bool:
    kind = bytes(chunk[4:8])
    is_critical = not kind[:1].islower()
    tells = kind == b"eXIf" or bytes(chunk[8:40]).startswith(_TEXTS_WITH_ORIENTATION)
    return is_critical or kind == _TRANSPARENCY or (with_orientation and tells)
