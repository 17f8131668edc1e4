"""Images ahead of the model: decoded and preprocessed by threads while the model works."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.datasets.source import ImageSource, LabelledImage, UnreadableImage
from precompute.models.preprocess import Preprocess


@dataclass(frozen=True)
class ReadImage:
    """One image as the model sees it, `(height, width, 3)` of uint8 RGB; or why there is none."""

    image: LabelledImage
    pixels: NDArray[np.uint8] | None
    problem: str = ""


def read_images(
    source: ImageSource, images: Sequence[LabelledImage], preprocess: Preprocess, workers: int
) -> Iterator[ReadImage]:
    """Reads images in order, some ahead; `workers` 0 reads them in the caller's thread, one by one."""

    def read(image: LabelledImage) -> ReadImage:
        try:
            return ReadImage(image, preprocess.image(source.load(image, preprocess.background)))
        except UnreadableImage as problem:
            return ReadImage(image, None, str(problem))

    if workers == 0:
        yield from map(read, images)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        waiting: deque[Future[ReadImage]] = deque()
        try:
            for image in images:
                waiting.append(pool.submit(read, image))
                if len(waiting) > 16 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


class Awaited:
    """Images as they come, and how many `seconds` went by in waiting for them."""

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
