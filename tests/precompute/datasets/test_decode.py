"""Decoding: every kind of pixel becomes RGB, and every broken file one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.datasets.decode import decode
from precompute.datasets.source import UnreadableImage


def _pixel(path: Path, x: int = 0, y: int = 0) -> tuple[int, ...]:
    image = decode(path)
    assert image.mode == "RGB"
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def _noise(size: int = 64) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("mode", "colour", "file", "expected"),
    [
        ("RGB", (10, 20, 30), "a.png", (10, 20, 30)),
        ("L", 77, "a.png", (77, 77, 77)),
        ("1", 1, "a.png", (255, 255, 255)),
        ("RGBA", (200, 0, 0, 255), "a.png", (200, 0, 0)),
        ("RGBA", (200, 0, 0, 0), "a.png", (128, 128, 128)),
        ("RGBA", (255, 255, 255, 51), "a.png", (153, 153, 153)),
        ("LA", (255, 0), "a.png", (128, 128, 128)),
        ("I;16", 65535, "a.png", (255, 255, 255)),
        ("I;16", 257 * 100, "a.png", (100, 100, 100)),
        ("I;16", 257 * 100, "a.tif", (100, 100, 100)),
        ("CMYK", (0, 255, 255, 0), "a.tif", (255, 0, 0)),
    ],
)
def test_every_mode_becomes_rgb(
    tmp_path: Path, mode: str, colour: int | tuple[int, ...], file: str, expected: tuple[int, ...]
) -> None:
    Image.new(mode, (4, 3), colour).save(tmp_path / file)

    assert _pixel(tmp_path / file) == expected


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)

    assert np.allclose(_pixel(tmp_path / "a.jpg"), (255, 0, 0), atol=3)


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "opaque.png")
    image.save(tmp_path / "clear.png", transparency=0)
    image.save(tmp_path / "half.png", transparency=b"\x00\xff")
    image.save(tmp_path / "clear.gif", transparency=0)

    assert _pixel(tmp_path / "opaque.png") == (255, 0, 0)
    for file in ("clear.png", "half.png", "clear.gif"):
        assert _pixel(tmp_path / file) == (128, 128, 128)
        assert _pixel(tmp_path / file, 1) == (0, 0, 255)


def test_an_opaque_rgb_colour_marked_as_transparent(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "a.png", transparency=(1, 2, 3))

    assert _pixel(tmp_path / "a.png") == (128, 128, 128)


def test_exif_orientation_is_respected(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    image = Image.new("RGB", (32, 16), (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, 16, 16))
    image.save(tmp_path / "a.jpg", exif=exif, quality=100, subsampling=0)

    assert decode(tmp_path / "a.jpg").size == (16, 32)
    assert np.allclose(_pixel(tmp_path / "a.jpg", 8, 4), (0, 0, 255), atol=3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_cost_the_pixels(tmp_path: Path) -> None:
    _noise().save(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")

    assert decode(tmp_path / "a.jpg").size == (64, 64)


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), c) for c in ((255, 0, 0), (0, 255, 0))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    assert _pixel(tmp_path / "a.gif") == (255, 0, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"this is text\n" * 10, "is no image that Pillow knows"), (b"", "is empty"), (None, "does not exist")],
)
def test_files_that_are_no_images(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "a.jpg"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UnreadableImage, match=reason):
        decode(path)


@pytest.mark.parametrize("file", ["a.jpg", "a.png", "a.gif", "a.webp", "a.tif", "a.bmp"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_files(tmp_path: Path, file: str, kept: float) -> None:
    path = tmp_path / file
    _noise().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])

    with pytest.raises(UnreadableImage):
        decode(path)


def test_a_folder_named_like_an_image(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").mkdir()

    with pytest.raises(UnreadableImage, match="cannot be read"):
        decode(tmp_path / "a.jpg")


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    Image.new("F", (4, 4), 0.5).save(tmp_path / "a.tif")

    with pytest.raises(UnreadableImage, match="floating-point"):
        decode(tmp_path / "a.tif")


def test_values_beyond_sixteen_bits_are_refused(tmp_path: Path) -> None:
    Image.new("I", (4, 4), 70000).save(tmp_path / "a.tif")

    with pytest.raises(UnreadableImage, match="from 70000 to 70000"):
        decode(tmp_path / "a.tif")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("limit", [64 * 64 - 1, 1000])
def test_images_beyond_pillows_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    _noise(64).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with pytest.raises(UnreadableImage, match="Pillow holds safe"):
        decode(tmp_path / "a.png")


def test_the_limit_holds_where_warnings_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _noise(64).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 64 - 1)

    with pytest.raises(UnreadableImage, match="Pillow holds safe"):
        decode(tmp_path / "a.png")
