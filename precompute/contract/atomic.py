"""Atomic writes: files that appear whole under their names, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["NameFile", "name_temporary", "replace_file", "replace_files"]

NameFile = Callable[[Path], Path]
"""Names the temporary file to write in place of another."""


def name_temporary(path: Path) -> Path:
    """Returns the temporary file beside `path`, hidden and used by this process alone: `.NAME.PID.tmp`."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


@contextlib.contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yields a temporary file beside `path`, which takes the place of `path` when the block ends without error.

    After an error the temporary file is removed, and `path` is as it was.

    Raises:
        OSError: the folder cannot be written.
    """
    with replace_files() as name_file:
        yield name_file(path)


@contextlib.contextmanager
def replace_files() -> Iterator[NameFile]:
    """Yields a function that names a temporary file for each file to write.

    All take their places when the block ends without error, in the order in which they were named. After an error
    all temporary files are removed.

    Raises:
        OSError: a folder cannot be written.
    """
    files: dict[Path, Path] = {}

    def name_file(path: Path) -> Path:
        return files.setdefault(path, name_temporary(path))

    try:
        yield name_file
        for path, temporary in files.items():
            temporary.replace(path)
    finally:
        for temporary in files.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
