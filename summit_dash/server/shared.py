"""Small values that several processes of one server remember in common, each for some time."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from cachetools import TTLCache
from filelock import lock_descriptor

from precompute.contract.errors import InputError

__all__ = ["Memory", "OwnMemory", "SharedMemory", "build_memory"]

_MOST = 10_000
_FILE, _LOCK = "summit-dash.sqlite", "summit-dash.sqlite.lock"
_PATIENCE = 10
"""Seconds that a process waits for another one that writes."""


class Memory(Protocol):
    """The interface of both kinds."""

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Lets nobody else change anything while the block lasts."""

    def find(self, name: str) -> Any:
        """Returns a value; None where there is none, or its time is over."""

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value that JSON can write."""

    def forget(self, name: str) -> None:
        """Forgets a value."""


class OwnMemory:
    """The memory of one process.

    Args:
        seconds: time that a value is kept.
        now: the clock, in seconds.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.RLock()
        self._kept: TTLCache[str, Any] = TTLCache(_MOST, seconds, timer=now)

    def hold(self) -> contextlib.AbstractContextManager[None]:
        """Lets no other thread change anything while the block lasts."""
        return _hold(self._lock)

    def find(self, name: str) -> Any:
        """Returns a value; None where there is none, or its time is over."""
        with self._lock:
            return self._kept.get(name)

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value; the oldest is forgotten where there are too many."""
        with self._lock:
            self._kept[name] = value

    def forget(self, name: str) -> None:
        """Forgets a value."""
        with self._lock:
            self._kept.pop(name, None)


@contextlib.contextmanager
def _hold(lock: threading.RLock) -> Iterator[None]:
    with lock:
        yield


class SharedMemory:
    """The memory of all processes that name the same folder, in a file of SQLite.

    Args:
        folder: it is made where it is not there.
        kind: what is kept; each kind has names of its own.
        seconds: time that a value is kept, by the clock of the machine.

    Raises:
        InputError: the folder cannot be written.
    """

    def __init__(self, folder: Path, kind: str, seconds: float) -> None:
        self._path, self._kind, self._seconds = folder / _FILE, kind, seconds
        self._own = threading.local()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _wait_for_turn(folder / _LOCK), contextlib.closing(self._open_file()) as file:
                file.execute("PRAGMA journal_mode=WAL")
                file.execute(
                    "CREATE TABLE IF NOT EXISTS kept (kind TEXT, name TEXT, value TEXT, until REAL,"
                    " PRIMARY KEY (kind, name))"
                )
        except (OSError, sqlite3.Error) as problem:
            raise InputError(
                "The folder that processes share can be written.",
                f"{folder}: {problem}.",
                "Correct shared_folder, or its owner.",
            ) from problem

    def _open_file(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)

    @property
    def _file(self) -> sqlite3.Connection:
        """The connection of this thread."""
        if not hasattr(self._own, "file"):
            self._own.file = self._open_file()
        file: sqlite3.Connection = self._own.file
        return file

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Lets no other thread or process change anything while the block lasts."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def find(self, name: str) -> Any:
        """Returns a value; None where there is none, or its time is over."""
        found = self._file.execute(
            "SELECT value FROM kept WHERE kind = ? AND name = ? AND until > ?", (self._kind, name, time.time())
        ).fetchone()
        return None if found is None else json.loads(found[0])

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value, and drops those whose time is over."""
        now = time.time()
        self._file.execute("DELETE FROM kept WHERE until <= ?", (now,))
        self._file.execute(
            "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)",
            (self._kind, name, json.dumps(value), now + self._seconds),
        )

    def forget(self, name: str) -> None:
        """Forgets a value."""
        self._file.execute("DELETE FROM kept WHERE kind = ? AND name = ?", (self._kind, name))


@contextlib.contextmanager
def _wait_for_turn(path: Path) -> Iterator[None]:
    """Lets one process after another make the file: SQLite does not wait for others when it changes the journal."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock_descriptor(descriptor)
        yield
    finally:
        os.close(descriptor)


def build_memory(folder: str, kind: str, seconds: float) -> Memory:
    """Builds the memory in a folder; that of this process alone where none is named.

    Raises:
        InputError: the folder cannot be written.
    """
    return SharedMemory(Path(folder), kind, seconds) if folder else OwnMemory(seconds)
