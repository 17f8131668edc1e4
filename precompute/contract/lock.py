"""One writer at a time: locks on files that the operating system drops with the process that holds them.

`filelock.lock_descriptor` (version 3.30 or later) takes the locks. Opening, signing and removing the lock file are done
here, because the class `filelock.FileLock` cannot keep two promises: a lock file that its holder removes at this moment
is not held, and a file system without locks is no obstacle (there it leaves a marker, which outlives a killed process).
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import lock_descriptor

from precompute.contract.errors import InputError

__all__ = ["LOCK", "hold_file", "hold_run", "require_no_writer"]

LOCK = ".lock"
"""The file in a run's folder that is locked. It says who holds it, and is no part of the run."""

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}

_LOCKED_BYTE = b" "
"""The first byte of the file: Windows locks it and lets nobody else read it, so the text begins behind it."""


@contextlib.contextmanager
def hold_run(run: Path) -> Iterator[None]:
    """Holds a run's folder while the block lasts. Makes the folder if it is absent; removes it if it is left empty.

    A file system may know no locks, as some network ones do. There the block runs without.

    Raises:
        InputError: another process is writing the run, the path is a file, or the folder cannot be written.
        OSError: the disk is full.
    """
    if run.exists() and not run.is_dir():
        raise InputError("A run is a folder.", f"{run} is a file.", "Choose another --out.")
    try:
        run.mkdir(parents=True, exist_ok=True)
        descriptor = _open_locked(run / LOCK)
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
    """Checks that no other process writes a run, before anything that takes time. Changes nothing.

    Raises:
        InputError: another process writes it.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(run / LOCK, os.O_RDWR)
        try:
            if not _try_to_lock(descriptor):
                raise _build_refusal(run / LOCK)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def hold_file(path: Path) -> Iterator[None]:
    """Waits until no other process holds a file, and holds it while the block lasts.

    The lock is on `.NAME.lock` beside the file, which stays. A file system may know no locks. There the block runs
    without. Threads of one process exclude each other as processes do.

    Raises:
        OSError: the folder cannot be written.
    """
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with contextlib.suppress(OSError):
            lock_descriptor(descriptor)
        yield
    finally:
        os.close(descriptor)


def _open_locked(path: Path) -> int:
    """Returns the descriptor of the lock file, locked and signed. Tries again if its holder removed it meanwhile."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _try_to_lock(descriptor):
                raise _build_refusal(path)
            if _is_open_at(descriptor, path):
                _sign(descriptor)
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _is_open_at(descriptor: int, path: Path) -> bool:
    """Returns True if the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _try_to_lock(descriptor: int) -> bool:
    """Locks an open file without waiting. Returns False if another process holds it; True where there are no locks."""
    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError as problem:
        if problem.errno not in _UNSUPPORTED:
            raise
    return True


def _sign(descriptor: int) -> None:
    """Writes process, host and time into the lock file, in place of what an earlier holder wrote."""
    since = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    text = json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since})
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, _LOCKED_BYTE + text.encode())


def _build_refusal(path: Path) -> InputError:
    """Builds the message that names the process which holds the lock file, as far as the file can be read."""
    try:
        with path.open("rb", buffering=0) as file:  # a buffer would read the locked byte
            file.seek(len(_LOCKED_BYTE))
            holder = json.loads(file.readall())
        who = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "another process"
    return InputError(
        "One process at a time writes a run.",
        f"{path.parent} is being written by {who}.",
        "Wait for it or end it, and the same command goes on; or choose another --out.",
    )
