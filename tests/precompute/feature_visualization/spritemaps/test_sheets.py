"""Pixels of sheets: reading of any format, empty cells, and pictures behind the last channel."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.feature_visualization.spritemaps.geometry import Box, Grid
from precompute.feature_visualization.spritemaps.sheets import (
    Sheet,
    cut,
    cut_grid,
    encode_picture,
    is_empty,
    read_sheet,
)
from tests.support.sheets import decode, draw_noise, paint_sheet

GREY_CELL = np.full((24, 24, 3), 128, np.uint8)


def build_sheet(cells: list[np.ndarray], columns: int) -> Sheet:
    """Builds a lossless sheet of cells."""
    return Sheet(Path("sheet.png"), np.asarray(paint_sheet(cells, columns)), "0" * 64, True)


@pytest.mark.parametrize(
    ("name", "options", "is_lossless"),
    [
        ("a.png", {}, True),
        ("a.bmp", {}, True),
        ("a.tiff", {}, True),
        ("a.webp", {"lossless": True}, True),
        ("a.webp", {"quality": 90}, False),
        ("a.jpg", {"quality": 95}, False),
    ],
)
def test_the_format_decides_how_pictures_are_stored(
    tmp_path: Path, name: str, options: dict[str, int], is_lossless: bool
) -> None:
    path = tmp_path / name
    image = paint_sheet(draw_noise(4), 2)
    image.save(path, **options)  # type: ignore[arg-type]
    sheet = read_sheet(path)
    assert (sheet.is_lossless, sheet.size, sheet.path) == (is_lossless, (48, 48), path)
    assert sheet.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert np.array_equal(sheet.pixels, np.asarray(image)) == is_lossless


def test_a_lossless_webp_with_a_profile_is_lossless(tmp_path: Path) -> None:
    """Its pixels are not in the first chunk of the file."""
    path = tmp_path / "a.webp"
    paint_sheet(draw_noise(1), 1).save(path, lossless=True, icc_profile=b"profile")
    assert b"VP8X" in path.read_bytes()[:16]
    assert read_sheet(path).is_lossless


def test_what_is_transparent_is_mid_grey(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    clear.save(tmp_path / "clear.png")
    assert (read_sheet(tmp_path / "clear.png").pixels == 128).all()


@pytest.mark.parametrize(
    ("content", "found"), [(b"no image", "is no image"), (b"", "is empty"), (None, "cannot be read")]
)
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes | None, found: str) -> None:
    path = tmp_path / "broken.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_sheet(path)
    assert refused.value.rule == "A sheet is an image file."
    assert str(path) in refused.value.found and found in refused.value.found


def test_a_box_is_its_pixels_without_the_right_and_lower_edge() -> None:
    pixels = np.arange(5 * 6 * 3).reshape(5, 6, 3).astype(np.uint8)
    part = cut(pixels, Box(left=1, upper=2, right=4, lower=4))
    assert part.shape == (2, 3, 3)
    assert part[0, 0].tolist() == pixels[2, 1].tolist() and part[-1, -1].tolist() == pixels[3, 3].tolist()


def test_one_other_pixel_makes_a_lossless_cell_a_picture() -> None:
    cell = GREY_CELL.copy()
    assert is_empty(cell, is_lossless=True)
    cell[23, 23, 2] = 129
    assert not is_empty(cell, is_lossless=True)


@pytest.mark.parametrize(("value", "row", "expected"), [(8, 12, True), (9, 12, False), (90, 0, True), (90, 6, True)])
def test_a_lossy_cell_may_vary_a_little_and_at_its_border(value: int, row: int, expected: bool) -> None:
    """The border of a cell of 24 px is 7 px wide: a third, because 16 px would leave nothing."""
    cell = GREY_CELL.copy()
    cell[row, 12] += np.uint8(value)
    assert is_empty(cell, is_lossless=False) == expected


def test_a_lossy_cell_of_one_pixel_has_no_border() -> None:
    assert is_empty(np.zeros((1, 1, 3), np.uint8), is_lossless=False)


def test_cells_of_one_colour_are_left_out_unless_the_empty_ones_are_known() -> None:
    cells = draw_noise(5)
    cells[1] = GREY_CELL
    sheet, grid = build_sheet(cells, 3), Grid(24, 3, 2)
    assert [channel for channel, _ in cut_grid(sheet, grid, 5)] == [0, 2, 3, 4]
    assert [channel for channel, _ in cut_grid(sheet, grid, 5, empty=())] == [0, 1, 2, 3, 4]
    assert [channel for channel, _ in cut_grid(sheet, grid, 5, empty=(0, 4))] == [1, 2, 3]
    for channel, picture in cut_grid(sheet, grid, 5, empty=()):
        assert np.array_equal(picture, cells[channel])


def test_a_picture_behind_the_last_channel_is_another_layers_sheet() -> None:
    sheet = build_sheet(draw_noise(6), 3)
    with pytest.raises(InputError, match="leave a picture in cell 5"):
        list(cut_grid(sheet, Grid(24, 3, 2), 5))


def test_a_picture_of_a_lossless_sheet_keeps_every_pixel() -> None:
    (cell,) = draw_noise(1)
    assert np.array_equal(decode(encode_picture(cell, True)), cell)
    assert not np.array_equal(decode(encode_picture(cell, False)), cell)
    smooth = np.broadcast_to(np.linspace(60, 190, 24).astype(np.uint8)[None, :, None], (24, 24, 3))
    with Image.open(io.BytesIO(encode_picture(smooth, False))) as stored:
        assert stored.size == (24, 24)
        assert np.abs(np.asarray(stored).astype(int) - smooth).mean() < 6
