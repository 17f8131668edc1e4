"""A cache for slow reads that many requests ask for at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Remembered"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """A function that keeps the `size` results used last. A key is read once, however many threads ask for it at once.

    `functools.lru_cache` lets every thread that misses read for itself: a page of sixty pictures would read the same
    row groups eight times in parallel.
    """

    def __init__(self, read: Callable[[Key], Value], size: int) -> None:
        self._read = read
        self._size = size
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._reading: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def __call__(self, key: Key) -> Value:
        """Returns the result for a key, read where it is not kept. A read that raises is tried again by the next."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            value = self._read(key)
            with self._lock:
                self._values[key] = value
                self._reading.pop(key, None)
                while len(self._values) > self._size:
                    self._values.popitem(last=False)
        return value
