"""Memory of the server's process: what is taken from the system, and what goes back."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
from pathlib import Path

import pyarrow as pa

__all__ = ["give_back_memory", "leave_quickly", "measure_memory", "use_steady_memory"]

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


def leave_quickly() -> None:
    """Lets the process end without a search for garbage in all that it held, which the system takes back anyway.

    The interpreter searches several times when it ends: seconds of a core for a server with some runs, in which a
    service manager waits. Call it before anything else is registered to be called at the end, so that it comes last.
    """
    atexit.register(gc.freeze)


def measure_memory(pid: int | None = None) -> int:
    """Returns the bytes of memory that a process holds; 0 where it is gone, or the system does not say.

    Args:
        pid: number of the process; None for this one.
    """
    try:
        held = int(Path(f"/proc/{pid or 'self'}/statm").read_text().split()[1])
        return held * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _find_glibc() -> ctypes.CDLL | None:
    """Returns the library of this process where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "gnu_get_libc_version") else None
