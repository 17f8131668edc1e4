"""A device with little memory: work on more than a few items raises what torch raises when CUDA has no room."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch

__all__ = ["FullDevice", "fill_device"]


class FullDevice:
    """The room of a device, and what was asked of it.

    Args:
        room: items that fit.

    Attributes:
        sizes: of the batches that were tried, in order.
    """

    def __init__(self, room: int) -> None:
        self.sizes: list[int] = []
        self._room, self._lock = room, threading.Lock()

    @property
    def n_refused(self) -> int:
        """The number of batches for which there was no room."""
        return sum(size > self._room for size in self.sizes)

    @property
    def largest(self) -> int:
        """The size of the largest batch that fitted."""
        return max(size for size in self.sizes if size <= self._room)

    def limit(self, function: Callable[..., Any], place: int = 0) -> Callable[..., Any]:
        """Returns a function that has no room for more items, counted by the argument at a place."""

        def run(*given: Any, **named: Any) -> Any:
            size = len(given[place])
            with self._lock:
                self.sizes.append(size)
            if size > self._room:
                raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {size:.2f} GiB.")
            return function(*given, **named)

        return run


def fill_device(
    monkeypatch: pytest.MonkeyPatch, room: int, functions: Iterable[tuple[object, str]], place: int = 1
) -> FullDevice:
    """Puts functions on a device with room for so many items; `place` is that of the batch, after `self` by default."""
    device = FullDevice(room)
    for owner, name in functions:
        monkeypatch.setattr(owner, name, device.limit(getattr(owner, name), place))
    return device
