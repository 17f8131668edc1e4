"""Small pictures of the images of a result."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from precompute.contract.progress import SilentProgress
from precompute.contract.transfer_tables import read_transfer_table
from precompute.datasets.sources.open import open_images
from precompute.transfer.pictures import SIDE, draw_small, write_pictures


def test_every_image_that_can_be_read_has_one_and_they_are_drawn_once(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "ant"
    folder.mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (20, 10), (90 * number, 0, 0)).save(folder / f"{number}.png")
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:40])
    source = open_images(str(tmp_path / "images"), None, False)
    write_pictures(tmp_path, source, 0, SilentProgress())
    table = read_transfer_table(tmp_path, "pictures")
    assert table["image_id"].to_pylist() == [0, 2]
    before = (tmp_path / "pictures.parquet").stat().st_mtime_ns
    write_pictures(tmp_path, source, 0, SilentProgress())
    assert (tmp_path / "pictures.parquet").stat().st_mtime_ns == before


def test_small_images_keep_their_pixels_and_large_ones_their_shape() -> None:
    chance = np.random.default_rng(0)
    pixels = chance.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(draw_small(Image.fromarray(pixels)))) as small:
        np.testing.assert_array_equal(np.asarray(small.convert("RGB")), pixels)
    with Image.open(io.BytesIO(draw_small(Image.new("RGB", (600, 300))))) as small:
        assert small.size == (SIDE, SIDE // 2)
