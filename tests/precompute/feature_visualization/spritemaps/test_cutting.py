"""Cutting of grids that others made: found or named cells, empty cells, transparent and grey sheets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.feature_visualization.spritemaps.cutting import cut_source
from precompute.feature_visualization.spritemaps.sources import ImportRequest, Source
from precompute.feature_visualization.storage.picture_store import PictureKey
from tests.support.sheets import (
    SIZE,
    are_equal,
    decode,
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


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def test_the_settings_of_a_sheet_are_named_by_a_digest_of_its_facts(tmp_path: Path, pool: Executor) -> None:
    """Another name would make the second import of a sheet replace the pictures of the first."""
    path = tmp_path / "theirs.png"
    paint_sheet(draw_noise(12), 4).save(path)
    found = cut_source(Source(path, "conv1"), ImportRequest(tmp_path, ()), 12, pool)
    name, facts = found.settings
    assert facts == {
        "imported_from": "theirs.png",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "layer": "conv1",
        "layout": "grid",
        "cell": 24,
        "columns": 4,
        "lossless": True,
    }
    assert name == hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    assert (found.layout, found.n_empty, found.n_least) == ("4 x 3 cells of 24 px", 0, 0)
    assert list(found.pictures) == [PictureKey("conv1", channel, "channel") for channel in range(12)]


def test_cells_without_a_picture_are_counted(tmp_path: Path, pool: Executor) -> None:
    cells = draw_noise(10)
    cells[0] = cells[7] = np.zeros_like(cells[0])
    paint_sheet(cells, 4).save(tmp_path / "theirs.png")
    found = cut_source(Source(tmp_path / "theirs.png", "conv1"), ImportRequest(tmp_path, ()), 10, pool)
    assert found.n_empty == 2 and {key.channel for key in found.pictures} == set(range(10)) - {0, 7}


def test_a_strip_has_pictures_and_two_lines_of_examples(tmp_path: Path, pool: Executor) -> None:
    """Two channels of 9 px from channel 3 on; each has one kind and two columns of examples of 4 px, every 5 px."""
    pixels = np.random.default_rng(0).integers(0, 256, (18, 9 + 10, 3)).astype(np.uint8)
    pixels[9:13, 14:18] = 50  # the second of the best examples of the second channel
    Image.fromarray(pixels).save(tmp_path / "strip.png")
    request = ImportRequest(tmp_path, (), layout="summit", cell=9, kinds=("negative",))
    found = cut_source(Source(tmp_path / "strip.png", "conv1", first=3), request, 12, pool)
    assert list(found.pictures) == [PictureKey("conv1", channel, "negative") for channel in (3, 4)]
    assert np.array_equal(decode(found.pictures[PictureKey("conv1", 4, "negative")]), pixels[9:, :9])
    assert {channel: len(images) for channel, images in found.examples.items()} == {3: 2, 4: 1}
    assert found.n_least == 4
    assert found.settings[1]["first_channel"] == 3 and found.settings[1]["kinds"] == ["negative"]


def test_a_refusal_names_file_and_layer(tmp_path: Path, pool: Executor) -> None:
    paint_sheet(draw_noise(4), 2).save(tmp_path / "small.png")
    request = ImportRequest(tmp_path, (), cell=24)
    with pytest.raises(InputError) as refused:
        cut_source(Source(tmp_path / "small.png", "conv1"), request, 12, pool)
    assert refused.value.found.startswith(f"{tmp_path / 'small.png'} as conv1: 2 x 2 cells of 24 px are 4, too few")
