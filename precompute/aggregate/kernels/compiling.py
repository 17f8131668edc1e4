"""The compilation of the loops of this folder by numba: without the GIL, and kept on disk where possible.

The cache on disk follows the file of the function that Python calls. A change in what it calls reaches compiled code
when that file is saved again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from numba import njit

__all__ = ["compile_loop", "compile_sum", "compile_with_nan"]


def compile_loop(function: Callable[..., Any], fast: Collection[str] = ("nnan", "nsz")) -> Callable[..., Any]:
    """Compiles a function without the GIL, kept on disk where possible; by default maxima are taken in any order."""
    options = {"nogil": True, "fastmath": set(fast) or False}
    try:
        found: Callable[..., Any] = njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package nor the home folder can be written to
        found = njit(**options)(function)
    return found


def compile_with_nan(function: Callable[..., Any]) -> Callable[..., Any]:
    return compile_loop(function, ())


def compile_sum(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles a function whose sums may be taken in any order, while NaN and infinities stay what they are."""
    return compile_loop(function, {"reassoc", "contract", "nsz"})
