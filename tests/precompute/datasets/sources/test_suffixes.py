"""The endings of image files: those that the installed Pillow reads by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from precompute.datasets.sources.open import open_images
from precompute.datasets.sources.suffixes import find_image_suffixes

CODECS = {"AVIF": "avif", "JPEG2000": "jpg_2000"}


@pytest.mark.parametrize("suffix", ["jpe", "JFIF", "pnm", "tga", "jp2", "avif", "qoi", "dds", "pcx", "apng", "ico"])
def test_what_pillow_reads_is_an_image(tmp_path: Path, suffix: str) -> None:
    kind = Image.registered_extensions().get(f".{suffix.lower()}")
    if kind is None or kind not in Image.SAVE or (kind in CODECS and not features.check(CODECS[kind])):
        pytest.skip(f"this Pillow does not write .{suffix}")
    (tmp_path / "cat").mkdir()
    Image.new("RGB", (16, 16), (200, 10, 10)).save(tmp_path / f"cat/1.{suffix}")

    source = open_images(str(tmp_path))

    pixel = source.load(source.images[0]).getpixel((8, 8))
    assert isinstance(pixel, tuple) and np.allclose(pixel, (200, 10, 10), atol=12)


@pytest.mark.parametrize("suffix", [".h5", ".grib", ".mpg", ".eps", ".pdf", ".npy", ".svg", ".heic"])
def test_what_pillow_does_not_decode_is_no_image(suffix: str) -> None:
    assert suffix not in find_image_suffixes()


def test_endings_are_in_lower_case_with_their_dots() -> None:
    suffixes = find_image_suffixes()

    assert {".jpg", ".jpeg", ".png", ".gif", ".bmp"} <= suffixes
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)
