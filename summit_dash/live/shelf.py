"""The pictures and files that a visit shows, in memory, each under a name that follows from its content."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Collection, Hashable
from typing import NamedTuple

from cachetools import LRUCache

__all__ = ["FOLDER", "KINDS", "Shelf"]

FOLDER = "visit"
"""The first part of the addresses, relative to the page."""
KINDS = {"png": "image/png", "jpeg": "image/jpeg", "csv": "text/csv", "json": "application/json"}
"""The kinds of files on a shelf, by the end of the name, with the type that browsers are given."""
_MOST = 12_000_000
"""Bytes that one visit's pictures may have; those shown longest ago are dropped first. It holds
all that a page shows of one image, also where the model takes images of 1,000 pixels: what is dropped is not drawn."""


class _Shown(NamedTuple):
    """A picture, and what was looked at when it was shown last."""

    content: bytes
    subject: Hashable


class Shelf:
    """Pictures and files of one visit. Its name cannot be guessed, and opens nothing but them.

    A page that is drawn again while maps arrive then sends addresses, and the browser fetches each picture once.
    A picture goes together with the answers about what was looked at when it was shown.
    """

    def __init__(self, most: int = _MOST) -> None:
        self.name = secrets.token_urlsafe(18)
        self._lock = threading.Lock()
        self._subject: Hashable = None
        self._pictures: LRUCache[str, _Shown] = LRUCache(most, lambda shown: len(shown.content))

    def turn_to(self, subject: Hashable) -> None:
        """Notes what is looked at from now on, such as an image."""
        with self._lock:
            self._subject = subject

    def keep_only(self, subjects: Collection[Hashable]) -> None:
        """Forgets the pictures of what is not looked at now, but for those of some other subjects."""
        with self._lock:
            for name, shown in list(self._pictures.items()):
                if shown.subject != self._subject and shown.subject not in subjects:
                    del self._pictures[name]

    def put(self, content: bytes, kind: str = "png") -> str:
        """Puts a picture on the shelf, and returns its address relative to the page.

        Args:
            content: of the file.
            kind: one of `KINDS`.
        """
        name = f"{hashlib.blake2b(content, digest_size=12).hexdigest()}.{kind}"
        with self._lock:
            if len(content) <= self._pictures.maxsize:
                known = self._pictures.get(name)
                self._pictures[name] = _Shown(known.content if known else content, self._subject)
        return f"{FOLDER}/{self.name}/{name}"

    def find(self, name: str) -> bytes | None:
        """Finds a picture by the last part of its address; None where it is not here any more."""
        with self._lock:
            found = self._pictures.get(name)
            return found.content if found is not None else None

    @property
    def n_bytes(self) -> int:
        """The size of all pictures."""
        return int(self._pictures.currsize)

    def clear(self) -> None:
        """Forgets all pictures."""
        with self._lock:
            self._pictures.clear()
