"""Pixels of sheets: reading, cutting into cells, detection of empty cells, and encoding as a run stores pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.contract.pictures import encode_webp
from precompute.datasets.decode import decode
from precompute.examples.config import ExampleConfig
from precompute.feature_visualization.spritemaps.geometry import Box, Grid

__all__ = ["Pixels", "Sheet", "cut", "cut_grid", "encode_picture", "is_empty", "read_sheet"]

Pixels = NDArray[np.uint8]
"""RGB pixels, `(height, width, 3)`, 0 to 255."""

_QUALITY = ExampleConfig().quality
_BLOCK = 16
"""The distance in pixels beyond which a cell of a JPEG or lossy WebP leaves no trace in the next."""
_NOISE = 8
"""The range of values, of 0 to 255, that compression adds to a cell of one colour."""


@dataclass(frozen=True)
class Sheet:
    """A sheet and its pixels.

    Attributes:
        path: the file.
        pixels: pixels; transparent ones are mid grey.
        sha256: digest of the file.
        is_lossless: true if the file keeps every pixel; its pictures are then stored without loss, too.
    """

    path: Path
    pixels: Pixels
    sha256: str
    is_lossless: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


def read_sheet(path: Path) -> Sheet:
    """Reads a sheet.

    Raises:
        InputError: there is no such file, it is no image, or it has more pixels than Pillow's limit.
    """
    try:
        content = path.read_bytes()
        pixels = np.asarray(decode(content))
    except (UnreadableImage, OSError) as problem:
        reason = str(problem) if isinstance(problem, UnreadableImage) else f"cannot be read ({problem.strerror})"
        raise InputError(
            "A sheet is an image file.", f"{path} {reason}.", "Name another file, or a smaller one."
        ) from problem
    return Sheet(path, pixels, hashlib.sha256(content).hexdigest(), _is_lossless(content))


def _is_lossless(content: bytes) -> bool:
    with Image.open(io.BytesIO(content)) as image:
        if image.format == "WEBP":
            return b"VP8L" in content[12:64]  # the first chunk, or a later one of an extended file
        return image.format not in {"JPEG", "MPO", "JPEG2000", "AVIF"}


def cut(pixels: Pixels, box: Box) -> Pixels:
    """Returns the pixels of a box, as a view."""
    return pixels[box.upper : box.lower, box.left : box.right]


def cut_grid(
    sheet: Sheet, grid: Grid, n_channels: int, empty: Collection[int] | None = None
) -> Iterator[tuple[int, Pixels]]:
    """Yields every channel with its picture, without empty cells: those in `empty`, or, for None, those of one colour.

    Raises:
        InputError: a cell behind the last channel's is not empty.
    """
    for index in range(n_channels, grid.n_cells):
        if not is_empty(cut(sheet.pixels, grid.locate_cell(index)), sheet.is_lossless):
            raise InputError(
                "Cells behind the last channel are empty: of one colour.",
                f"{grid.columns} x {grid.rows} cells of {grid.cell} px for {n_channels:,} channels leave a picture "
                f"in cell {index} (from 0).",
                "Name the layer that the sheet shows, or correct --cell and --columns.",
            )
    for channel in range(n_channels):
        picture = cut(sheet.pixels, grid.locate_cell(channel))
        if channel not in empty if empty is not None else not is_empty(picture, sheet.is_lossless):
            yield channel, picture


def is_empty(picture: Pixels, is_lossless: bool) -> bool:
    """Returns true for a cell of one colour.

    In a lossy file the colour may vary a little, and the border, which compression mixes with neighbours, is ignored.
    """
    if is_lossless:
        return bool((picture == picture[0, 0]).all())
    border = min(_BLOCK, (min(picture.shape[:2]) - 1) // 3)
    inner = picture[border : picture.shape[0] - border, border : picture.shape[1] - border]
    return int(np.ptp(inner, axis=(0, 1)).max()) <= _NOISE


def encode_picture(picture: Pixels, is_lossless: bool) -> bytes:
    """Encodes a picture as WebP at its own size, without loss or, for `is_lossless` false, at the usual quality."""
    return encode_webp(Image.fromarray(np.ascontiguousarray(picture)), _QUALITY, lossless=is_lossless)
