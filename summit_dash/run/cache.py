"""A cache for slow reads that many requests ask for at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache, cached

__all__ = ["Remembered"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """A function that keeps the `size` results used last. A key is read once, however many threads ask for it at once.

    `functools.lru_cache` lets every thread that misses read for itself: a page of sixty pictures would read the same
    row groups eight times in parallel.
    """

    def __init__(self, read: Callable[[Key], Value], size: int) -> None:
        results: LRUCache[Key, Value] = LRUCache(size)
        self._read: Callable[[Key], Value] = cached(results, key=_take_key, condition=threading.Condition())(read)

    def __call__(self, key: Key) -> Value:
        """Returns the result for a key; an error of the read is raised, and not kept."""
        return self._read(key)


def _take_key(key: Key) -> Key:
    return key
