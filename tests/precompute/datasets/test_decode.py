"""Decoding: every kind of pixel becomes RGB, and every broken file one sentence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin
from PIL.PngImagePlugin import PngInfo

from precompute.contract.labelled import UnreadableImage
from precompute.datasets.decode import decode


def _read_pixel(path: Path, x: int = 0, y: int = 0) -> tuple[int, ...]:
    image = decode(path)
    assert image.mode == "RGB"
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


def _make_png(mode: str, colour: tuple[int, ...], transparent: tuple[int, ...] = ()) -> bytes:
    """Makes a PNG of 2 x 2 pixels with 16 bits per channel, which Pillow does not write; one pixel is black."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    kind = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}[mode]
    pixels = [[colour, colour], [colour, (0,) * len(colour)]]
    lines = b"".join(b"\0" + np.asarray(line, ">u2").tobytes() for line in pixels)
    clear = chunk(b"tRNS", np.asarray(transparent, ">u2").tobytes()) if transparent else b""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 16, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + clear + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def _make_tiff(colour: tuple[int, int, int]) -> bytes:
    """Makes a TIFF of 2 x 1 pixels of RGB with 16 bits per channel, little-endian."""
    entries = [(256, 3, 1, 2), (257, 3, 1, 1), (258, 3, 3, 122), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 128)]
    entries += [(277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 12)]
    directory = struct.pack("<H", 9) + b"".join(struct.pack("<HHII", *e) for e in entries) + struct.pack("<I", 0)
    assert 8 + len(directory) == 122
    return (
        b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<3H", 16, 16, 16) + struct.pack("<6H", *colour * 2)
    )


def _make_noise(size: int = 64) -> Image.Image:
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

    assert _read_pixel(tmp_path / file) == expected


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)

    assert np.allclose(_read_pixel(tmp_path / "a.jpg"), (255, 0, 0), atol=3)


def test_palette_with_and_without_transparency(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "opaque.png")
    image.save(tmp_path / "clear.png", transparency=0)
    image.save(tmp_path / "half.png", transparency=b"\x00\xff")
    image.save(tmp_path / "clear.gif", transparency=0)

    assert _read_pixel(tmp_path / "opaque.png") == (255, 0, 0)
    for file in ("clear.png", "half.png", "clear.gif"):
        assert _read_pixel(tmp_path / file) == (128, 128, 128)
        assert _read_pixel(tmp_path / file, 1) == (0, 0, 255)


def test_an_opaque_rgb_colour_marked_as_transparent(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2), (1, 2, 3)).save(tmp_path / "a.png", transparency=(1, 2, 3))

    assert _read_pixel(tmp_path / "a.png") == (128, 128, 128)


def test_exif_orientation_is_respected(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    image = Image.new("RGB", (32, 16), (255, 0, 0))
    image.paste((0, 0, 255), (0, 0, 16, 16))
    image.save(tmp_path / "a.jpg", exif=exif, quality=100, subsampling=0)

    assert decode(tmp_path / "a.jpg").size == (16, 32)
    assert np.allclose(_read_pixel(tmp_path / "a.jpg", 8, 4), (0, 0, 255), atol=3)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_cost_the_pixels(tmp_path: Path) -> None:
    _make_noise().save(tmp_path / "a.jpg", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")

    assert decode(tmp_path / "a.jpg").size == (64, 64)


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), c) for c in ((255, 0, 0), (0, 255, 0))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])

    assert _read_pixel(tmp_path / "a.gif") == (255, 0, 0)


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
    _make_noise().save(path)
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
    _make_noise(64).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with pytest.raises(UnreadableImage, match="Pillow holds safe"):
        decode(tmp_path / "a.png")


def test_the_limit_holds_where_warnings_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make_noise(64).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 64 - 1)

    with pytest.raises(UnreadableImage, match="Pillow holds safe"):
        decode(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (0, 0)])
def test_an_image_without_pixels(size: tuple[int, int]) -> None:
    width, height = size
    bmp = b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    tga = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, 0)
    for content in (bmp, tga, b"P6 %d %d 255\n" % size):
        with pytest.raises(UnreadableImage):
            decode(content)


# --- sound pixels among broken texts ---------------------------------------------------------------------------------


def _make_texts(number: int, length: int, kind: str) -> dict[str, object]:
    info = PngInfo()
    for i in range(number):
        add = info.add_itxt if kind == "iTXt" else info.add_text
        add(f"comment {i}", "x" * length, zip=kind != "tEXt")
    return {"pnginfo": info}


def _insert_chunk(content: bytes, kind: bytes, data: bytes) -> bytes:
    """Inserts a chunk with a wrong checksum after the header of a PNG."""
    return content[:33] + struct.pack(">I", len(data)) + kind + data + b"\0\0\0\0" + content[33:]


@pytest.mark.parametrize(
    "options",
    [
        {"icc_profile": bytes(2_000_000)},
        _make_texts(1, 2_000_000, "zTXt"),
        _make_texts(1, 2_000_000, "iTXt"),
        _make_texts(3, 500_000, "zTXt"),
        {"icc_profile": bytes(2_000_000), **_make_texts(1, 2_000_000, "zTXt")},
    ],
)
def test_a_png_with_more_text_than_pillow_reads_keeps_its_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, object]
) -> None:
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_MEMORY", 2**20)  # 64 times as much takes a while to write
    noise = Image.merge("RGBA", [*_make_noise(16).split(), _make_noise(16).getchannel(0)])
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    plain = _encode(noise, "PNG", exif=exif)
    content = _encode(noise, "PNG", exif=exif, **options)
    with pytest.raises(ValueError, match="TEXT"):
        Image.open(io.BytesIO(content)).load()
    (tmp_path / "a.png").write_bytes(content)

    for file in (content, tmp_path / "a.png"):
        assert decode(file, MEAN).tobytes() == decode(plain, MEAN).tobytes()


@pytest.mark.parametrize(("kind", "data"), [(b"pHYs", b"1"), (b"tEXt", b"a\0b"), (b"iCCP", b"\0\0"), (b"eXIf", b"")])
def test_a_png_with_a_broken_chunk_that_is_no_pixel_keeps_its_pixels(kind: bytes, data: bytes) -> None:
    content = _encode(_make_noise(8), "PNG")

    assert decode(_insert_chunk(content, kind, data)).tobytes() == _make_noise(8).tobytes()


def test_a_png_with_a_broken_pixel_chunk_stays_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    content = _encode(_make_noise(8), "PNG", icc_profile=bytes(2_000_000))
    with pytest.raises(UnreadableImage, match="MAX_TEXT_CHUNK"):
        decode(content[:-40])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 63)
    with pytest.raises(UnreadableImage, match="Pillow holds safe"):
        decode(content)


# --- backgrounds and bytes ------------------------------------------------------------------------------------------

MEAN = (124, 116, 104)


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("mode", "colour", "kind", "expected"),
    [
        ("RGBA", (200, 0, 0, 0), "PNG", MEAN),
        ("RGBA", (200, 0, 0, 255), "PNG", (200, 0, 0)),
        ("RGBA", (255, 255, 255, 51), "PNG", (150, 144, 134)),  # a fifth of white, four fifths of the mean
        ("RGBA", (0, 0, 255, 0), "WEBP", MEAN),
        ("RGBA", (0, 0, 0, 51), "WEBP", (99, 93, 83)),
        ("LA", (255, 0), "PNG", MEAN),
        ("LA", (0, 51), "PNG", (99, 93, 83)),
        ("RGBA", (200, 0, 0, 0), "TIFF", MEAN),
        ("RGB", (10, 20, 30), "PNG", (10, 20, 30)),
        ("RGB", (10, 20, 30), "BMP", (10, 20, 30)),
        ("RGB", (10, 20, 30), "WEBP", (10, 20, 30)),
        ("P", 0, "BMP", (0, 0, 0)),
        ("L", 77, "BMP", (77, 77, 77)),
        ("1", 1, "BMP", (255, 255, 255)),
    ],
)
def test_transparency_is_laid_over_the_mean(
    mode: str, colour: int | tuple[int, ...], kind: str, expected: tuple[int, ...]
) -> None:
    content = _encode(Image.new(mode, (4, 3), colour), kind, lossless=True)

    decoded = decode(content, MEAN)

    assert (decoded.mode, decoded.size) == ("RGB", (4, 3))
    assert decoded.getcolors() == [(12, expected)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (_make_png("L", (257 * 100,)), (100, 100, 100)),
        (_make_png("L", (257 * 100 + 200,)), (101, 101, 101)),
        (_make_png("RGB", (257 * 100, 257 * 200, 65535)), (100, 200, 255)),
        (_make_png("LA", (257 * 100, 65535)), (100, 100, 100)),
        (_make_png("LA", (257 * 100, 0)), MEAN),
        (_make_png("RGBA", (257 * 100, 257 * 200, 65535, 65535)), (100, 200, 255)),
        (_make_png("RGBA", (257 * 100, 257 * 200, 65535, 0)), MEAN),
        (_make_png("L", (257 * 100,), transparent=(257 * 100,)), MEAN),
        (_make_png("L", (257 * 100,), transparent=(257 * 100 + 1,)), (100, 100, 100)),
        (_make_png("RGB", (257 * 100, 257 * 200, 65535), transparent=(257 * 100, 257 * 200, 65535)), MEAN),
        (_make_tiff((257 * 100, 257 * 200, 65535)), (100, 200, 255)),
    ],
)
def test_sixteen_bits(content: bytes, expected: tuple[int, ...]) -> None:
    assert decode(content, MEAN).getpixel((0, 0)) == expected


def test_palette_transparency_is_laid_over_the_mean() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    for content in (
        _encode(image, "PNG", transparency=0),
        _encode(image, "PNG", transparency=b"\x00\xff"),
        _encode(image, "GIF", transparency=0),
    ):
        assert np.asarray(decode(content, MEAN)).tolist() == [[list(MEAN), [0, 0, 255]]]


def test_cmyk_of_a_jpeg_is_inverted_as_adobe_writes_it() -> None:
    content = _encode(Image.new("CMYK", (16, 16), (255, 0, 0, 51)), "JPEG", quality=100)
    assert b"Adobe" in content

    assert np.allclose(np.asarray(decode(content)), (0, 204, 204), atol=3)


def test_grey_jpeg() -> None:
    assert decode(_encode(Image.new("L", (16, 16), 77), "JPEG", quality=100)).getcolors() == [(256, (77, 77, 77))]


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_every_animation(kind: str) -> None:
    frames = [Image.new("RGB", (4, 4), c) for c in ((255, 0, 0), (0, 255, 0))]
    content = _encode(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)

    assert decode(content).getcolors() == [(16, (255, 0, 0))]


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1)), (6, (1, 0)), (8, (0, 1))]
)
def test_every_orientation(orientation: int, corner: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new("RGB", (2, 2))
    image.putpixel((0, 0), (255, 0, 0))

    upright = decode(_encode(image, "PNG", exif=exif))

    assert upright.getpixel(corner) == (255, 0, 0)


@pytest.mark.parametrize(("content", "reason"), [(b"", "is empty"), (b"text", "is no image that Pillow knows")])
def test_bytes_that_are_no_image(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        decode(content)
