"""The reading of images by threads, which decode and preprocess some while the model works on others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from precompute.contract.labelled import LabelledImage, UnreadableImage
from precompute.datasets.images import ImageSource
from precompute.models.sources.preprocess import Preprocess

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class ReadImage:
    """One image as the model sees it, or the reason that it cannot be read.

    Attributes:
        image: its entry in the source.
        pixels: `(height, width, 3)` of uint8 RGB; None where the image cannot be read.
        problem: the reason; an empty text where the image was read.
    """

    image: LabelledImage
    pixels: NDArray[np.uint8] | None
    problem: str = ""


def read_images(
    source: ImageSource, images: Sequence[LabelledImage], preprocess: Preprocess, workers: int
) -> Iterator[ReadImage]:
    """Reads images in order, some ahead; `workers` 0 reads them in the caller's thread, one by one."""

    def read(image: LabelledImage) -> ReadImage:
        try:
            return ReadImage(image, preprocess.prepare_image(source.load(image, preprocess.background)))
        except UnreadableImage as problem:
            return ReadImage(image, None, str(problem))

    return map_ahead(read, images, workers)


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yields results in the order of the items, at most 16 items per worker ahead of the reader, so that few are held.

    Args:
        function: of one item; threads call it.
        items: taken as they are needed.
        workers: the number of threads; 0 computes in the caller's thread, one by one.
    """
    if workers == 0:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="ahead") as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 16 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Awaited:
    """An iterator over images that adds up the `seconds` spent waiting for them."""

    def __init__(self, images: Iterable[ReadImage]) -> None:
        self._images = iter(images)
        self.seconds = 0.0

    def __iter__(self) -> Iterator[ReadImage]:
        return self

    def __next__(self) -> ReadImage:
        start = time.perf_counter()
        try:
            return next(self._images)
        finally:
            self.seconds += time.perf_counter() - start
