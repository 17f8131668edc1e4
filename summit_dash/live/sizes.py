"""The memory that an answer takes, counted by what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["count_bytes"]

_OBJECT = 56
"""Bytes of an object of Python without its content, and of its place in another one."""


def count_bytes(value: Any) -> int:
    """Counts the bytes of bytes, texts, arrays, numbers, and of collections of these; what two hold counts twice."""
    if isinstance(value, bytes | str):
        return _OBJECT + len(value)
    if isinstance(value, np.ndarray):
        return _OBJECT + value.nbytes
    if isinstance(value, Mapping):
        return _OBJECT + sum(count_bytes(key) + count_bytes(each) for key, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return _OBJECT + sum(map(count_bytes, value))
    return _OBJECT
