"""Marks that tests get from `tests/marks.txt`, so that what is slow is listed in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["MARKS_FILE", "MarkEntry", "read_marks"]

MARKS_FILE = Path(__file__).parents[1] / "marks.txt"


@dataclass(frozen=True)
class MarkEntry:
    """One line of the list: a mark, the path of a test file from the root, and a function of it or None for all."""

    mark: str
    path: str
    function: str | None

    def is_for(self, node_id: str) -> bool:
        """Returns whether a test, by its node id with or without parameters, gets the mark."""
        path, _, rest = node_id.partition("::")
        return path == self.path and self.function in (None, rest.partition("[")[0])


def read_marks(file: Path = MARKS_FILE) -> list[MarkEntry]:
    """Reads the entries, without comments and empty lines.

    Raises:
        ValueError: a line is not `MARK PATH` or `MARK PATH::FUNCTION`.
    """
    lines = [line.partition("#")[0].split() for line in file.read_text(encoding="utf-8").splitlines()]
    entries = []
    for words in filter(None, lines):
        if len(words) != 2:
            raise ValueError(f"{file}: {' '.join(words)!r} is not MARK PATH or MARK PATH::FUNCTION")
        path, _, function = words[1].partition("::")
        entries.append(MarkEntry(words[0], path, function or None))
    return entries
