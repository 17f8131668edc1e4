"""Pictures of crops: an image with many crops is encoded once, of other images each distinct crop."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import Image

from precompute.aggregate.reading import map_ahead
from precompute.aggregate.stage import PassInputs
from precompute.contract.example_images import Box
from precompute.contract.pictures import encode_crop, encode_jpeg
from precompute.contract.progress import Advance, Progress
from precompute.contract.writing import TableWriter
from precompute.examples.config import ExampleConfig
from precompute.examples.crops import Crops

_IMAGES_PER_GROUP = 16
"""Images of one row group; a reader of one image reads its group, about 26 kB per image at 224 px."""


class Encoding(NamedTuple):
    """The settings for pictures: sizes and qualities, and the number of threads."""

    config: ExampleConfig
    workers: int


class EncodedCrops:
    """The WebP bytes of crops, one after another in a file, so that memory does not grow with them.

    Args:
        file: holds the crops.
        sizes: of every crop in bytes; 0 where it is cut out of its image when shown.
    """

    def __init__(self, file: IO[bytes], sizes: list[int]) -> None:
        self._file = file
        self._ends = np.cumsum([0, *sizes], dtype=np.int64)

    def read(self, crop: int) -> bytes | None:
        """Reads one crop, by its number; None where it is cut out of its image when shown."""
        start, end = self._ends[crop : crop + 2].tolist()
        self._file.seek(start)
        return self._file.read(end - start) or None


class _Encoded(NamedTuple):
    """The pictures of one image: the image as JPEG, or each of its `n_crops` crops as WebP."""

    image_id: int
    size: tuple[int, int]
    n_crops: int
    image: bytes | None
    crops: list[bytes]


@contextlib.contextmanager
def encode_crops(
    run: Path, inputs: PassInputs, crops: Crops, encoding: Encoding, progress: Progress
) -> Iterator[EncodedCrops]:
    """Decodes every image once, writes the table example_images, and keeps the crops of all other images.

    The crops are in a file that vanishes with the block, and with the process.

    Args:
        run: the folder of the table and of the file.
        inputs: of the pass; its source and preprocessing are read.
        crops: the distinct ones, sorted by image.
        encoding: the settings for pictures.
        progress: shows the images that are done.

    Raises:
        UnreadableImage: an image that the pass has read cannot be read any more.
    """
    bounds = np.flatnonzero(np.diff(crops.image_id, prepend=-1, append=-1)).tolist()
    parts = [slice(start, stop) for start, stop in itertools.pairwise(bounds)]

    def encode(part: slice) -> _Encoded:
        image = inputs.source.images[int(crops.image_id[part.start])]
        decoded = inputs.source.load(image, inputs.preprocess.background)
        pixels = Image.fromarray(inputs.preprocess.prepare_image(decoded))
        return _encode(image.image_id, pixels, [Box(*box) for box in crops.box[part].tolist()], encoding.config)

    # Its name is that of a leftover, on systems where it has one for a moment.
    with tempfile.TemporaryFile(dir=run, prefix=".dataset_examples.parquet.", suffix=".tmp") as file:
        with (
            progress.open_stage("Dataset examples", total=len(parts), unit="images") as advance,
            TableWriter(run, "example_images") as writer,
        ):
            sizes = _store(map_ahead(encode, parts, encoding.workers), file, writer, advance)
        yield EncodedCrops(file, sizes)


def _store(made: Iterable[_Encoded], file: IO[bytes], writer: TableWriter, advance: Advance) -> list[int]:
    """Writes images to the table and crops to the file; returns the size of each crop, 0 for those of images."""
    sizes: list[int] = []
    images: list[_Encoded] = []
    for each in made:
        file.writelines(each.crops)
        sizes += map(len, each.crops) if each.image is None else [0] * each.n_crops
        images += [] if each.image is None else [each]
        if len(images) == _IMAGES_PER_GROUP:
            writer.write(_build_rows(images))
            images.clear()
        advance(1)
    writer.write(_build_rows(images))
    return sizes


def _build_rows(images: Sequence[_Encoded]) -> dict[str, list[object]]:
    return {
        "image_id": [each.image_id for each in images],
        "width": [each.size[0] for each in images],
        "height": [each.size[1] for each in images],
        "image": [each.image for each in images],
    }


def _encode(image_id: int, pixels: Image.Image, boxes: Sequence[Box], config: ExampleConfig) -> _Encoded:
    if len(boxes) >= config.crops_per_image:
        return _Encoded(image_id, pixels.size, len(boxes), encode_jpeg(pixels, config.image_quality), [])
    pictures = [encode_crop(pixels.crop(box), config) for box in boxes]
    return _Encoded(image_id, pixels.size, len(boxes), None, pictures)
