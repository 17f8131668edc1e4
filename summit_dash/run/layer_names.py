"""Names of layers short enough for a button."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

__all__ = ["shorten_layer_names"]


def shorten_layer_names(layers: Sequence[str]) -> list[str]:
    """Removes the beginning that all names share: mixed3a and mixed3b become 3a and 3b.

    Names stay whole where one would become empty.
    """
    prefix = _find_common_prefix(layers).rstrip("0123456789")
    if len(layers) < 2 or any(len(name) == len(prefix) for name in layers):
        return list(layers)
    return [name[len(prefix) :].lstrip("._-") for name in layers]


def _find_common_prefix(names: Sequence[str]) -> str:
    """Finds the longest beginning that all names share."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)
