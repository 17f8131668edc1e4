"""A cache for slow reads that many requests ask for at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from cachetools import LRUCache, cached

__all__ = ["Once", "Remembered"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """A function that keeps the results used last. A key is read once, however many threads ask for it at once.

    Args:
        read: the function, of one argument.
        size: number of results that are kept; with `measure`, the greatest sum of their sizes.
        measure: computes the size of a result, such as its bytes. One that is larger than all is kept alone.

    `functools.lru_cache` lets every thread that misses read for itself: a page of sixty pictures would read the same
    row groups eight times in parallel.
    """

    def __init__(self, read: Callable[[Key], Value], size: int, measure: Callable[[Value], int] | None = None) -> None:
        self.results: LRUCache[Key, Value] = LRUCache(size, measure and (lambda result: min(size, measure(result))))
        results = self.results
        self._read: Callable[[Key], Value] = cached(results, key=_take_key, condition=threading.Condition())(read)

    def __call__(self, key: Key) -> Value:
        """Returns the result for a key; an error of the read is raised, and not kept."""
        return self._read(key)


class Once:
    """Results that are read once, by name, and kept.

    Requests that ask for something else meanwhile do not wait. A function that reads may ask for other names.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: dict[str, threading.RLock] = {}
        self._found: dict[str, Any] = {}

    def read(self, name: str, read: Callable[[], Value]) -> Value:
        """Returns the result of `read`, which is called once however many requests ask at the same time."""
        if name not in self._found:
            with self._lock:
                reading = self._reading.setdefault(name, threading.RLock())
            with reading:
                if name not in self._found:
                    self._found[name] = read()
        result: Value = self._found[name]
        return result


def _take_key(key: Key) -> Key:
    return key
