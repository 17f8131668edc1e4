"""Sheets of pictures in a grid, painted slowly, and the pictures that a run stores."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from precompute.contract.schema import read_table
from tests.support.command_line import call

__all__ = [
    "GREY",
    "LAYERS",
    "SIZE",
    "are_equal",
    "decode",
    "draw_noise",
    "paint_sheet",
    "read_files",
    "read_pictures",
    "run_spritemaps",
]

LAYERS = (("conv1", 12), ("block/2.conv", 17))
"""Names and numbers of channels."""

SIZE = 24
"""The side of a picture in pixels."""

GREY = (128, 128, 128)

Pixels = np.ndarray[Any, Any]
Key = tuple[str, int, str]


def run_spritemaps(*arguments: object) -> int:
    """Runs `summit-dash spritemaps` and returns its exit status."""
    return call(["spritemaps", *map(str, arguments)])


def read_pictures(run: Path) -> dict[Key, Pixels]:
    """Reads the pixels of a run's pictures by layer, channel and kind."""
    rows = read_table(run, "feature_visualizations").to_pylist()
    return {(r["layer"], r["channel"], r["kind"]): decode(r["image"]) for r in rows}


def decode(image: bytes | Path) -> Pixels:
    with Image.open(io.BytesIO(image) if isinstance(image, bytes) else image) as picture:
        return np.asarray(picture.convert("RGB"))


def are_equal(a: dict[Key, Pixels], b: dict[Key, Pixels]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def read_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def draw_noise(n_channels: int, size: int = SIZE, seed: int = 0) -> list[Pixels]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (size, size, 3), dtype=np.uint8) for _ in range(n_channels)]


def paint_sheet(cells: list[Pixels], columns: int, rows: int | None = None) -> Image.Image:
    """Paints cells row by row; the area behind the last one is grey."""
    size = len(cells[0])
    sheet = np.full(((rows or math.ceil(len(cells) / columns)) * size, columns * size, 3), 128, np.uint8)
    for index, cell in enumerate(cells):
        y, x = index // columns * size, index % columns * size
        sheet[y : y + size, x : x + size] = cell
    return Image.fromarray(sheet)
