"""Answers that share what they have in common, so that many of them take less memory."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["share_memory"]


def share_memory(result: Any, parts: Sequence[Any]) -> Any:
    """Returns a result that holds its files and texts once.

    Each came from another process by itself: a file as one of the parts and again in the result, and the names of
    1,000 classes with every answer.

    Args:
        result: of a job; anything but a mapping is returned as it is.
        parts: what the job reported before.
    """
    if not isinstance(result, Mapping):
        return result
    files = {part: part for part in parts if isinstance(part, bytes)}
    return {key: _share(value, files) for key, value in result.items()}


def _share(value: Any, files: Mapping[bytes, bytes]) -> Any:
    if isinstance(value, bytes):
        return files.get(value, value)
    if isinstance(value, list) and all(type(each) is str for each in value):
        return [sys.intern(each) for each in value]
    return value
