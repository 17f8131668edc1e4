"""Batches as large as the memory of a device allows: chosen from what is free, and halved where that was too much."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import torch

__all__ = ["MOST_ON_A_GPU", "BatchSize", "choose_most", "is_out_of_memory", "measure_free_memory"]

Items = TypeVar("Items")
Result = TypeVar("Result")

MOST_ON_A_GPU = 256
"""The greatest batch on another device than the CPU where nobody names one: larger ones are hardly faster."""
_SHARE = 0.8
"""The share of the free memory that a batch is planned for."""
_SIGNS = ("out of memory", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED")
"""Parts of the messages of errors that have no type of their own, as on MPS."""


def choose_most(device: torch.device, given: int | None, on_cpu: int) -> int:
    """Chooses the upper bound of a batch.

    Args:
        device: that computes.
        given: the bound that a person gave, which holds everywhere; None: none.
        on_cpu: the usual bound on the CPU, where larger batches are no faster.
    """
    if given is not None:
        return given
    return on_cpu if device.type == "cpu" else max(on_cpu, MOST_ON_A_GPU)


def measure_free_memory(device: torch.device) -> int | None:
    """Measures the bytes that torch could still take on a device; None where they are not known, as on the CPU."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type == "xpu":
        free, _ = torch.xpu.mem_get_info(device)
        return int(free + torch.xpu.memory_reserved(device) - torch.xpu.memory_allocated(device))
    if device.type == "mps":
        return max(0, torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return None


def is_out_of_memory(problem: BaseException) -> bool:
    """Checks whether an error says that a device is out of memory."""
    if isinstance(problem, torch.OutOfMemoryError):
        return True
    return isinstance(problem, RuntimeError) and any(sign in str(problem) for sign in _SIGNS)


class BatchSize:
    """The number of items that go through a device together; several threads may share it.

    It begins with what fits into the free memory, and falls by halves when the device is out of memory. It never grows
    again: what did not fit once would not fit the next time.

    Args:
        most: the upper bound, at least 1.
        device: that computes.
        bytes_each: an estimate of the memory of one item; 0: the batch begins at the upper bound.

    Attributes:
        device: as given.
    """

    def __init__(self, most: int, device: torch.device, bytes_each: int = 0) -> None:
        self.device, self._lock = device, threading.Lock()
        free = measure_free_memory(device) if bytes_each else None
        self._size = most if free is None else max(1, min(most, int(_SHARE * free) // bytes_each))

    @property
    def size(self) -> int:
        """The number of items now."""
        return self._size

    def run(
        self,
        work: Callable[[Items], Result],
        items: Items,
        *,
        each: int = 1,
        is_filled_up: bool = False,
        release: Callable[[], object] | None = None,
    ) -> Iterator[Result]:
        """Yields the result of each batch, in order; a batch for which there is no memory is run again in halves.

        Args:
            work: computes a batch. It changes nothing before it ends, so that it can be run again.
            items: a list, a tuple, a range or a tensor.
            each: what an item counts for, such as the pictures of a channel.
            is_filled_up: `work` fills up every batch to `size`.
            release: gives memory back after a failure.

        Raises:
            torch.OutOfMemoryError: there is no memory for a single item.
        """
        left = cast("Sequence[Any]", items)
        while len(left):
            size = self._size
            piece = left[: max(1, size // each)]
            try:
                result = work(cast("Items", piece))
            except RuntimeError as problem:
                used = size if is_filled_up else len(piece) * each
                if not is_out_of_memory(problem) or used <= each:
                    raise
            else:
                left = left[len(piece) :]
                yield result
                del result
                continue
            # Here the error is gone, and with it the tensors of its frames.
            if release is not None:
                release()
            self._halve(used)
            _clear_cache(self.device)

    def _halve(self, used: int) -> None:
        with self._lock:
            self._size = min(self._size, (used + 1) // 2)


def _clear_cache(device: torch.device) -> None:
    """Gives cached blocks back, so that others are cut from whole memory."""
    backends = {"cuda": torch.cuda, "xpu": torch.xpu, "mps": torch.mps}
    if device.type in backends:
        backends[device.type].empty_cache()
