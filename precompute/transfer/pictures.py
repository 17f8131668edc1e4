"""Small pictures of the images of a result, by which a person sees on what two cuts disagree."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from precompute.aggregate.reading import map_ahead
from precompute.contract.labelled import LabelledImage, UnreadableImage
from precompute.contract.progress import Progress
from precompute.contract.transfer_tables import open_transfer_table
from precompute.datasets.images import ImageSource

__all__ = ["SIDE", "draw_small", "write_pictures"]

SIDE = 256
"""Pixels of the longer side of a picture; smaller images stay as they are."""
_GROUP = 64
_QUALITY = 85
_TINY = 96
"""Pixels of a side up to which a picture keeps every pixel as it is."""


def write_pictures(folder: Path, source: ImageSource, workers: int, progress: Progress) -> None:
    """Writes the table `pictures` of a result, unless it is there: its images never change.

    Args:
        folder: of the result.
        source: of the images; those that cannot be read have no picture.
        workers: threads that decode.
        progress: reports images.
    """
    if (folder / "pictures.parquet").is_file():
        return

    def read(image: LabelledImage) -> tuple[int, bytes] | None:
        try:
            return image.image_id, draw_small(source.load(image))
        except UnreadableImage:
            return None

    with (
        progress.open_stage("Pictures", len(source.images), "images") as advance,
        open_transfer_table(folder, "pictures") as write,
    ):
        some: list[tuple[int, bytes]] = []
        for found in map_ahead(read, source.images, workers):
            some += [found] if found else []
            advance()
            if len(some) == _GROUP:
                write(_arrange(some))
                some = []
        if some:
            write(_arrange(some))


def _arrange(some: Sequence[tuple[int, bytes]]) -> dict[str, list[int] | list[bytes]]:
    return {"image_id": [number for number, _ in some], "picture": [picture for _, picture in some]}


def draw_small(image: Image.Image) -> bytes:
    """Returns an RGB image as WebP, its longer side at most `SIDE` pixels."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=_QUALITY, lossless=max(small.size) <= _TINY)
    return file.getvalue()
