from __future__ import annotations

import io

import pytest
from PIL import Image

from precompute.contract.errors import InputError
from summit_dash.export.thumbnails import convert_picture
from tests.summit_dash.export.subjects import make_picture


def test_transparent_pictures_stay_transparent() -> None:
    made = convert_picture(make_picture("#ff000080", (40, 40), "RGBA", "PNG"), 20)
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (20, 20))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(InputError, match="WebP"):
        convert_picture(b"nothing", 20)


@pytest.mark.parametrize(("side", "expected"), [(20, 20), (48, 48), (500, 48)])
def test_pictures_become_square_and_are_never_enlarged(side: int, expected: int) -> None:
    with Image.open(io.BytesIO(convert_picture(make_picture(size=(64, 48)), side))) as image:
        assert (image.format, image.size) == ("JPEG", (expected, expected))


def test_the_middle_of_a_wide_picture_is_kept() -> None:
    wide = Image.new("RGB", (90, 30), "blue")
    wide.paste("red", (30, 0, 60, 30))
    out = io.BytesIO()
    wide.save(out, "PNG")
    with Image.open(io.BytesIO(convert_picture(out.getvalue(), 30))) as image:
        red, _, blue = image.getpixel((15, 15))  # type: ignore[misc]
    assert red > 240 and blue < 20
