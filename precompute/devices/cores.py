"""Parallel work on the cores of a CPU: one thread per image, with single-threaded operators.

The operators of one image are too small to be divided: two OpenMP threads inside each of them wait for each other more
than they work, and on a busy machine they lose all speed. Threads that each compute a whole image do not wait.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def count_cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Parallel:
    """A pool of threads that maps functions over images while its `with` block lasts.

    On another device than the CPU, and outside the block, it maps one image after another.

    Args:
        device: of the tensors.
        threads: the number of images at a time on a CPU; None for one per core that this process may use.

    Attributes:
        device: as given.
        n_threads: the number of images at a time inside the block.
    """

    def __init__(self, device: torch.device, threads: int | None = None) -> None:
        self.device = device
        self.n_threads = (threads or count_cores()) if device.type == "cpu" else 1
        self._pool: ThreadPoolExecutor | None = None
        self._threads_before = 1

    def __enter__(self) -> Parallel:
        self._threads_before = torch.get_num_threads()
        if self.device.type == "cpu":
            torch.set_num_threads(1)
            self._pool = ThreadPoolExecutor(
                self.n_threads, thread_name_prefix="image", initializer=torch.set_num_threads, initargs=(1,)
            )
        return self

    def __exit__(self, *exc_info: Any) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        torch.set_num_threads(self._threads_before)

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Returns the results of a function in the order of the items."""
        return map(function, items) if self._pool is None else self._pool.map(function, items)

    def map_to_many(self, function: Callable[[Item], Iterable[Result]], items: Iterable[Item]) -> Iterator[Result]:
        """Returns the results of a function with several for each item, in order.

        Outside a pool each result is there before the next one is computed; inside, all those of an item.
        """
        for results in self.map(function if self._pool is None else lambda item: list(function(item)), items):
            yield from results

    def count_images_each(self, n_images: int) -> int:
        """Returns the number of images of a batch that one thread takes: one in a pool, the whole batch otherwise.

        The shape of a tensor decides which algorithms torch takes, and so the roundings. With one image at a time no
        result depends on the batch size or on the number of cores.
        """
        return 1 if self._pool is not None else max(1, n_images)
