"""Images of which a run stores dataset examples, read one by one, and the crops to cut out of them.

This module needs pyarrow and Pillow alone, so that the dashboard reads them too.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from PIL import Image

from precompute.contract.schema import MANIFEST, locate_table, read_manifest

__all__ = ["Box", "ExampleImages", "Form", "read_box", "read_form"]

_TABLE = "example_images"
_GROUPS_REMEMBERED = 8


class Box(NamedTuple):
    """A crop in pixels of the model's input; `x1` and `y1` are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int


class Form(NamedTuple):
    """The size and quality of crops as they are shown and stored.

    Args:
        size: longest side in pixels.
        quality: WebP quality in percent.
    """

    size: int = 128
    quality: int = 80


def read_box(row: Mapping[str, Any]) -> Box:
    """Reads the crop of a row of `dataset_examples`."""
    return Box(*(row[name] for name in Box._fields))


def read_form(run: Path) -> Form:
    """Reads the form of a run's dataset examples from its manifest, or returns the default if it has none."""
    config = read_manifest(run).get("config") if (run / MANIFEST).is_file() else None
    stated = config.get("examples") if isinstance(config, dict) else None
    if not isinstance(stated, dict):
        return Form()
    return Form(**{name: stated[name] for name in Form._fields if name in stated})


class ExampleImages:
    """The table `example_images` of a run, opened for reading by any number of threads.

    Args:
        run: the run's directory; it may have no such table, and then holds no image.
    """

    def __init__(self, run: Path) -> None:
        self._path = locate_table(run, _TABLE)
        self._read_group = lru_cache(_GROUPS_REMEMBERED)(self._read_images_of_group)

    def read_jpeg(self, image_id: int) -> bytes | None:
        """Reads an image as JPEG; None if the run does not hold it."""
        group = int(np.searchsorted(self._last_ids, image_id))
        return self._read_group(group).get(image_id) if group < len(self._last_ids) else None

    def read_image(self, image_id: int) -> Image.Image | None:
        """Reads an image in RGB, as large as the model's input; None if the run does not hold it."""
        encoded = self.read_jpeg(image_id)
        return None if encoded is None else Image.open(io.BytesIO(encoded)).convert("RGB")

    def holds(self, image_id: int | None) -> bool:
        """Returns True where the run holds the image; examples of it are then parts of it."""
        return image_id in self._ids

    @property
    def n_images(self) -> int:
        """The number of images that the run holds."""
        return len(self._ids)

    @cached_property
    def _ids(self) -> frozenset[int]:
        if not self._path.is_file():
            return frozenset()
        with self._open() as file:
            return frozenset(file.read(columns=["image_id"])["image_id"].to_pylist())

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels, which all images of a run have in common; None for a run without images."""
        if not len(self._last_ids):
            return None
        first = self._open().read_row_group(0, columns=["width", "height"]).slice(0, 1)
        return first["width"][0].as_py(), first["height"][0].as_py()

    @cached_property
    def _metadata(self) -> pq.FileMetaData | None:
        return pq.read_metadata(self._path) if self._path.is_file() else None

    @cached_property
    def _last_ids(self) -> NDArray[np.int64]:
        """The last image of each row group, in order."""
        metadata = self._metadata
        groups = [] if metadata is None else [metadata.row_group(n) for n in range(metadata.num_row_groups)]
        return np.asarray([group.column(0).statistics.max for group in groups], np.int64)

    def _open(self) -> pq.ParquetFile:
        return pq.ParquetFile(self._path, metadata=self._metadata, memory_map=True)

    def _read_images_of_group(self, group: int) -> dict[int, bytes]:
        with self._open() as file:
            table = file.read_row_group(group, columns=["image_id", "image"], use_threads=False)
        return dict(zip(table["image_id"].to_pylist(), table["image"].to_pylist(), strict=True))
