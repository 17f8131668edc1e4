from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from precompute.contract.errors import InputError
from summit_dash.live.limits import Limits
from summit_dash.live.pixels import count_pixels
from summit_dash.live.visits import Visits


def write_head(width: int, height: int) -> bytes:
    """Returns a PNG of these sizes, as its head states: a few bytes, whatever they are."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    parts = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (head, data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_image_has_the_pixels_of_its_sides(form: str) -> None:
    content = io.BytesIO()
    Image.new("RGB", (30, 20)).save(content, form)
    assert count_pixels(content.getvalue()) == 600


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"GIF89a"])
def test_what_is_no_image_has_none(content: bytes) -> None:
    assert count_pixels(content) == 0


@pytest.mark.parametrize("side", [8_000, 12_000, 40_000, 2**31 - 1])
def test_a_small_file_that_unpacks_to_a_large_image_is_refused_unread(side: int) -> None:
    content = write_head(side, side)
    assert len(content) < 100
    assert count_pixels(content) == side * side
    visits = Visits(Limits())
    visit = visits.open()
    with pytest.raises(InputError, match="50 million pixels"):
        visits.add(visit, "bomb.png", content)
    assert visit.uploads == {}


def test_large_photographs_are_taken() -> None:
    visits = Visits(Limits())
    assert visits.add(visits.open(), "large.png", write_head(8_000, 6_000)) == "upload-1"
