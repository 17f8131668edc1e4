"""PNG files without their texts and profiles."""

import struct
import zlib

import pytest

from precompute.datasets.png import iterate_reduced_pngs

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def make_chunk(kind: bytes, data: bytes = b"") -> bytes:
    """Makes a chunk: length, type, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


HEAD, DATA, END = make_chunk(b"IHDR", b"h" * 13), make_chunk(b"IDAT", b"pixels"), make_chunk(b"IEND")
TEXT, EXIF, CLEAR = make_chunk(b"tEXt", b"a\0b"), make_chunk(b"eXIf", b"MM"), make_chunk(b"tRNS", b"\0\0")
XMP = make_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>")


def join(*chunks: bytes) -> bytes:
    """Joins chunks to a file."""
    return b"".join([SIGNATURE, *chunks])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (join(HEAD, TEXT, DATA, END), [join(HEAD, DATA, END)]),
        (join(HEAD, EXIF, TEXT, DATA, END), [join(HEAD, EXIF, DATA, END), join(HEAD, DATA, END)]),
        (join(HEAD, EXIF, DATA, END), [join(HEAD, DATA, END)]),
        (join(HEAD, XMP, TEXT, DATA, END), [join(HEAD, XMP, DATA, END), join(HEAD, DATA, END)]),
        (join(HEAD, CLEAR, TEXT, DATA, END), [join(HEAD, CLEAR, DATA, END)]),
        (join(HEAD, CLEAR, DATA, END), []),
        (join(HEAD, TEXT, DATA[:-3]), [join(HEAD, DATA[:-3])]),
        (b"GIF89a" + TEXT, []),
        (b"", []),
        (SIGNATURE, []),
        (SIGNATURE + b"\0\0", []),
    ],
)
def test_results_are_ever_shorter_and_keep_pixels_and_transparency(content: bytes, expected: list[bytes]) -> None:
    assert list(iterate_reduced_pngs(content)) == expected
