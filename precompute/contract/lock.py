"""One writer at a time: a lock on a run's folder that the operating system drops with the process that holds it."""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from precompute.contract.errors import InputError

__all__ = ["LOCK", "only_writer", "require_no_writer"]

LOCK = ".lock"
"""The file in a run's folder that is locked; it says who holds it, and is no part of the run."""

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


@contextlib.contextmanager
def only_writer(run: Path) -> Iterator[None]:
    """Holds a run's folder, made if absent, while the block lasts; a folder that is left empty goes again.

    Where the file system knows no locks (some network ones), the block runs without.

    Raises:
        InputError: another process is writing the run, the path is a file, or the folder cannot be written.
    """
    if run.exists() and not run.is_dir():
        raise InputError("A run is a folder.", f"{run} is a file.", "Choose another --out.")
    try:
        run.mkdir(parents=True, exist_ok=True)
        descriptor = _locked(run / LOCK)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            "A run's folder can be written.", f"{problem.filename}: {problem.strerror}.", "Choose another --out."
        ) from problem
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows removes no open file; it stays, unlocked
            (run / LOCK).unlink()
        os.close(descriptor)
        with contextlib.suppress(OSError):
            run.rmdir()


def require_no_writer(run: Path) -> None:
    """Looks whether another process writes a run, before anything that takes time; changes nothing.

    Raises:
        InputError: one does.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(run / LOCK, os.O_RDWR)
        try:
            if not _lock(descriptor):
                raise _held(run / LOCK)
        finally:
            os.close(descriptor)


def _locked(path: Path) -> int:
    """The descriptor of the locked file; a file that its holder removed meanwhile is left for the one in its place."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _lock(descriptor):
                raise _held(path)
            if _is_at(descriptor, path):
                _sign(descriptor)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        # Far behind the text: Windows lets nobody read what another has locked.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as problem:
            if problem.errno not in _UNSUPPORTED:
                raise
        return True


def _sign(descriptor: int) -> None:
    since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, text.encode())


def _held(path: Path) -> InputError:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return InputError(
        "One process at a time writes a run.",
        f"{path.parent} is being written by {who}.",
        "Wait for it or end it, and the same command goes on; or choose another --out.",
    )
