"""Cutting of grids that others made: found or named cells, empty cells, transparent and grey sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.sheets import (
    SIZE,
    are_equal,
    draw_noise,
    paint_sheet,
    read_pictures,
    run_spritemaps,
)


@pytest.mark.parametrize("columns", [3, 4, 5])
def test_a_foreign_grid_is_found_and_its_empty_cells_left_out(bare: Path, tmp_path: Path, columns: int) -> None:
    cells = draw_noise(17)
    cells[4] = np.full_like(cells[4], 77)
    paint_sheet(cells, columns).save(tmp_path / "theirs.png")
    assert run_spritemaps("import", bare, f"block/2.conv={tmp_path}/theirs.png", "--kind", "negative") == 0
    expected = {("block/2.conv", i, "negative"): cell for i, cell in enumerate(cells) if i != 4}
    assert are_equal(read_pictures(bare), expected)


def test_transparent_cells_are_empty_and_grey_sheets_become_rgb(bare: Path, tmp_path: Path) -> None:
    cells = draw_noise(12)
    sheet = paint_sheet(cells, 4).convert("RGBA")
    alpha = np.full((3 * SIZE, 4 * SIZE), 255, np.uint8)
    alpha[:SIZE, :SIZE] = 0
    sheet.putalpha(Image.fromarray(alpha))
    sheet.save(tmp_path / "clear.png")
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/clear.png") == 0
    assert set(read_pictures(bare)) == {("conv1", channel, "channel") for channel in range(1, 12)}
    paint_sheet(cells, 4).convert("L").save(tmp_path / "grey.png")
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/grey.png") == 0
    assert len(read_pictures(bare)) == 12


def test_a_lossy_sheet_may_have_empty_cells(bare: Path, tmp_path: Path) -> None:
    """Compression leaves traces of pictures in the cells beside them."""
    cells = draw_noise(11, 64)
    cells[5] = np.full_like(cells[5], 128)
    paint_sheet(cells, 4).save(tmp_path / "theirs.jpg", quality=75)
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/theirs.jpg") == 0
    assert {channel for _, channel, _ in read_pictures(bare)} == set(range(11)) - {5}


def test_named_cells_and_columns(bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = draw_noise(12)
    paint_sheet(cells, 5, rows=8).save(tmp_path / "long.png")
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/long.png") == 2
    assert "--cell PX or --columns N" in capsys.readouterr().err
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/long.png", "--columns", 5) == 0
    assert "5 x 8 cells of 24 px, 12 pictures" in capsys.readouterr().err
    assert are_equal(read_pictures(bare), {("conv1", i, "channel"): cell for i, cell in enumerate(cells)})
