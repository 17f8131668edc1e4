"""Crops of images as pictures: each distinct one is encoded once, and kept in a file until the table is written."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from precompute.aggregate.reading import ahead
from precompute.aggregate.stage import PassInputs
from precompute.config import ExampleConfig
from precompute.models.layers import RecordedLayer
from precompute.pictures import encode_webp
from precompute.progress import Progress


class Box(NamedTuple):
    """A crop in pixels of the model's input; `x1` and `y1` are exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int


class Crops(NamedTuple):
    """Distinct crops, sorted by image and then box: `image_id` `(crop,)`, `box` `(crop, 4)`."""

    image_id: NDArray[np.int32]
    box: NDArray[np.int32]


class Encoding(NamedTuple):
    """How pictures are made: size and quality, and how many threads make them."""

    config: ExampleConfig
    workers: int


def crop_box(layer: RecordedLayer, position: int, size: tuple[int, ...]) -> Box:
    """The receptive field around one position, clipped to the image.

    Args:
        layer: whose field it is; without a field the whole image.
        position: index in the flattened rows of the layer.
        size: `(height, width)` of the model's input.
    """
    if layer.receptive_field is None:
        return Box(0, 0, size[1], size[0])
    row, column = divmod(position, layer.width)
    (y0, y1) = layer.receptive_field.rows.window(row, size[0])
    (x0, x1) = layer.receptive_field.columns.window(column, size[1])
    return Box(x0, y0, x1, y1)


def crop_boxes(layer: RecordedLayer, positions: NDArray[np.int32], size: tuple[int, ...]) -> NDArray[np.int32]:
    """The box of every position, `(position, 4)`."""
    distinct, which = np.unique(positions, return_inverse=True)
    boxes = np.asarray([crop_box(layer, position, size) for position in distinct.tolist()], np.int32)
    return boxes.reshape(-1, 4)[which]


def distinct_crops(image_id: NDArray[np.int32], box: NDArray[np.int32]) -> tuple[Crops, NDArray[np.int64]]:
    """The distinct crops among some rows, and the number of each row's, `(row,)`."""
    found, which = np.unique(np.column_stack([image_id, box]), axis=0, return_inverse=True)
    return Crops(found[:, 0], found[:, 1:]), which.reshape(-1).astype(np.int64)


class EncodedCrops:
    """The WebP bytes of crops, one after another in a file, so that memory does not grow with them."""

    def __init__(self, file: IO[bytes], sizes: list[int]) -> None:
        self._file = file
        self._ends = np.cumsum([0, *sizes], dtype=np.int64)

    def read(self, crop: int) -> bytes:
        """One crop, by its number."""
        start, end = self._ends[crop : crop + 2].tolist()
        self._file.seek(start)
        return self._file.read(end - start)


@contextlib.contextmanager
def encoded_crops(
    run: Path, inputs: PassInputs, crops: Crops, encoding: Encoding, progress: Progress
) -> Iterator[EncodedCrops]:
    """Decodes every image once and encodes its crops; their file vanishes with the block, and with the process.

    Raises:
        UnreadableImage: an image that the pass has read cannot be read any more.
    """
    bounds = np.flatnonzero(np.diff(crops.image_id, prepend=-1, append=-1)).tolist()
    parts = [slice(start, stop) for start, stop in itertools.pairwise(bounds)]

    def encode(part: slice) -> list[bytes]:
        image = inputs.source.images[int(crops.image_id[part.start])]
        decoded = inputs.source.load(image, inputs.preprocess.background)
        pixels = Image.fromarray(inputs.preprocess.image(decoded))
        return [encode_webp(pixels.crop(tuple(box)), encoding.config) for box in crops.box[part].tolist()]

    sizes: list[int] = []
    # Its name is that of a leftover, on systems where it has one for a moment.
    with tempfile.TemporaryFile(dir=run, prefix=".dataset_examples.parquet.", suffix=".tmp") as file:
        with progress.stage("Dataset examples", total=len(parts), unit="images") as advance:
            for pictures in ahead(encode, parts, encoding.workers):
                file.write(b"".join(pictures))
                sizes += map(len, pictures)
                advance(1)
        yield EncodedCrops(file, sizes)
