"""Answers of payloads: built, written as JSON and compressed once, then sent from memory."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import brotli
from cachetools import LRUCache, cached
from werkzeug.datastructures import Accept

from summit_dash.payloads.keys import build_payload
from summit_dash.run.stores import Entry

__all__ = ["Answer", "Answers", "choose_encoding", "write_json"]

_SMALL = 500
"""Bytes of an answer that is not compressed: it would fill one packet either way."""
_OF_EACH = 800
"""Memory of an answer besides its content: its name, of four texts, and its place among those that are kept."""
_OF_ONE = ("class/", "channel/", "confusions/", "misclassified/", "preview/", "proof/")
"""The beginnings of the keys about one class or channel. There are thousands, and each is soon built again."""
_SHARE = 16
"""The part of the memory that those have: they cannot displace what every page asks for."""
_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: bytes(brotli.compress(content, quality=5)),
    "gzip": lambda content: gzip.compress(content, 6, mtime=0),
}


class Answer(NamedTuple):
    """The body of an answer; `encoding` is empty where it is not compressed."""

    content: bytes
    encoding: str


class Answers:
    """The payloads of runs and transfer results as they are sent; those used last are kept, by version and encoding.

    Several threads may use this at once: who asks for what another one builds waits for it.

    Args:
        most_bytes: size of all answers that are kept, a sixteenth of it for those about one class or channel; 0 to keep
            none.
        names_folders: answers name the folders of this machine.
    """

    def __init__(self, most_bytes: int, names_folders: bool = False) -> None:
        self.names_folders = names_folders
        sizes = most_bytes - most_bytes // _SHARE, most_bytes // _SHARE
        self._kept: list[LRUCache[tuple[str, ...], Answer | None]] = [LRUCache(size, _measure) for size in sizes]
        self._find_of_all, self._find_of_one = (
            cached(kept, key=_name_answer, condition=threading.Condition())(self._build) for kept in self._kept
        )

    def find(self, store: Entry, key: str, encoding: str) -> Answer | None:
        """Returns the answer for a run, a key and an encoding; None where there is no such key.

        Raises:
            InputError: the run lacks what the key names. That is not kept.
        """
        find: Callable[..., Answer | None] = self._find_of_one if key.startswith(_OF_ONE) else self._find_of_all
        return find(store, key, encoding)

    @property
    def n_bytes(self) -> int:
        """The memory of the answers that are kept."""
        return int(sum(kept.currsize for kept in self._kept))

    def _build(self, store: Entry, key: str, encoding: str) -> Answer | None:
        payload = build_payload(store, key, self.names_folders)
        if payload is None:
            return None
        content = write_json(payload)
        if not encoding or len(content) < _SMALL:
            return Answer(content, "")
        return Answer(_COMPRESS[encoding](content), encoding)


def choose_encoding(accepted: Accept) -> str:
    """Chooses `br` or `gzip`, as the browser prefers; empty if it takes neither."""
    found = max(_COMPRESS, key=lambda name: accepted.quality(name))  # the first of equals
    return found if accepted.quality(found) > 0 else ""


def write_json(payload: dict[str, Any]) -> bytes:
    """Writes a payload as short as JSON can be, in UTF-8."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _name_answer(store: Entry, key: str, encoding: str) -> tuple[str, ...]:
    return str(store.path), store.version, key, encoding


def _measure(answer: Answer | None) -> int:
    return _OF_EACH + (len(answer.content) if answer else 0)
