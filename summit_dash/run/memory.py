"""Memory of the server's process: what is taken from the system, and what goes back."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa

__all__ = ["give_back_memory", "use_steady_memory"]

_MOST_ARENAS, _LEAST_MAPPED = -8, -3
"""Numbers of two settings of the allocator in glibc: M_ARENA_MAX and M_MMAP_THRESHOLD."""


def use_steady_memory() -> None:
    """Lets tables and arrays use the allocator of the system, which gives memory back.

    The one that pyarrow brings keeps it. That of glibc would keep large blocks too, once one was freed, and a heap for
    each thread: so blocks of 256 kB and more go back at once, and threads share two heaps. Other systems do as they do.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    glibc = _find_glibc()
    if glibc is not None:
        glibc.mallopt(_LEAST_MAPPED, 1 << 18)
        glibc.mallopt(_MOST_ARENAS, 2)


def give_back_memory() -> None:
    """Gives what is free back to the system, as after a large read."""
    glibc = _find_glibc()
    if glibc is not None:
        glibc.malloc_trim(0)


def _find_glibc() -> ctypes.CDLL | None:
    """Returns the library of this process where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
