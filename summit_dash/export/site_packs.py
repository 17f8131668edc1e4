"""The packs of a static site: scripts that hand many payloads and pictures to the page at once.

A page that is opened from a file may run scripts but not fetch. A request costs more than a few bytes; so does a file.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Content", "Pack", "Series", "build_pack", "encode_content", "write_json"]

Content = Mapping[str, "Mapping[str, Any] | bytes"]
"""Payloads by key, and pictures by their path within the run."""


class Pack(NamedTuple):
    """A file of a site."""

    path: str
    script: bytes


class Series:
    """Packs of one kind, cut where they would exceed a size; `firsts` holds the first number of each pack.

    Args:
        run: name of the run.
        name: name of the series, the beginning of the names of its packs.
        limit: bytes of a pack. One that holds a single number may be larger.
    """

    def __init__(self, run: str, name: str, limit: int) -> None:
        self.name = name
        self.firsts: list[int] = []
        self._run = run
        self._limit = limit

    def pack(self, contents: Iterable[tuple[int, Content]]) -> Iterator[Pack]:
        """Yields the packs of contents whose numbers rise. Numbers without content have no place in any pack."""
        entries: list[str] = []
        n_bytes = 0
        for number, content in contents:
            added = encode_content(content)
            size = sum(len(entry) for entry in added)
            if entries and n_bytes + size > self._limit:
                yield self._close(entries)
                entries, n_bytes = [], 0
            if added and not entries:
                self.firsts.append(number)
            entries += added
            n_bytes += size
        if entries:
            yield self._close(entries)

    def _close(self, entries: list[str]) -> Pack:
        return build_pack(self._run, f"{self.name}-{self.firsts[-1]}", entries)


def build_pack(run: str, name: str, entries: Iterable[str]) -> Pack:
    """Builds a script from encoded entries."""
    body = ",\n".join(entries)
    return Pack(f"{name}.js", f"summitStatic.receive({write_json(run)},{write_json(name)},{{\n{body}\n}});\n".encode())


def encode_content(content: Content) -> list[str]:
    """Returns the entries of a pack: payloads as JSON, pictures as base64."""
    return [f"{write_json(name)}:{_encode(value)}" for name, value in content.items()]


def _encode(value: Mapping[str, Any] | bytes) -> str:
    return f'"{base64.b64encode(value).decode()}"' if isinstance(value, bytes) else write_json(value)


def write_json(value: Any) -> str:
    """Writes JSON without spaces; a number that is not finite is refused."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
