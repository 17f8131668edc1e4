"""Images or pictures side by side on the cores of a CPU: one thread each, none of them sharing an operator.

Operators of one image are too small to be cut up: two OpenMP threads inside each of them wait for one another more than
they work, and on a busy machine they lose all speed. Whole images on single-threaded cores do not wait.
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
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Parallel:
    """Maps functions over images while its `with` block lasts; on another device than the CPU, one after another.

    Args:
        device: where the tensors are.
        threads: images at a time on a CPU; None takes one per core that this process may use.
    """

    def __init__(self, device: torch.device, threads: int | None = None) -> None:
        """Makes nothing yet; `n_threads` is how many it will map side by side."""
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
        """Results in the order of the items."""
        return map(function, items) if self._pool is None else self._pool.map(function, items)

    def share(self, n_images: int) -> int:
        """How many images of a batch one thread takes: one on a CPU, so that no result depends on batch or cores.

        The shape decides which algorithms torch takes, and so the roundings.
        """
        return 1 if self._pool is not None else max(1, n_images)
