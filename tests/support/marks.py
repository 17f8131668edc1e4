"""Marks that tests get from `tests/marks.txt`, so that what is slow is listed in one place.

`python -m tests.support.marks LOG` prints the functions of tests that took long by the durations in a log of pytest
(`--durations=0`), and that have no mark yet.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MARKS_FILE", "MarkEntry", "list_unmarked", "read_marks"]

MARKS_FILE = Path(__file__).parents[1] / "marks.txt"
LONG = 2.0
"""Seconds from which a test is slow."""
_DURATION = re.compile(r"^([\d.]+)s (?:call|setup) +(tests/\S+::.*)$", re.MULTILINE)


@dataclass(frozen=True)
class MarkEntry:
    """One line of the list: a mark, and a test file from the root, or a function in any file."""

    mark: str
    path: str | None
    function: str | None

    def is_for(self, node_id: str) -> bool:
        """Returns whether a test, by its node id with or without parameters, gets the mark."""
        path, _, rest = node_id.partition("::")
        return self.path in (None, path) and self.function in (None, rest.partition("[")[0])


def read_marks(file: Path = MARKS_FILE) -> list[MarkEntry]:
    """Reads the entries, without comments and empty lines.

    Raises:
        ValueError: a line is not `MARK PATH` or `MARK FUNCTION`.
    """
    lines = [line.partition("#")[0].split() for line in file.read_text(encoding="utf-8").splitlines()]
    entries = []
    for words in filter(None, lines):
        if len(words) != 2:
            raise ValueError(f"{file}: {' '.join(words)!r} is not MARK PATH or MARK FUNCTION")
        mark, name = words
        entries.append(MarkEntry(mark, name, None) if name.endswith(".py") else MarkEntry(mark, None, name))
    return entries


def list_unmarked(log: str, entries: list[MarkEntry]) -> dict[str, float]:
    """Returns the functions of long tests without an entry, with the most seconds of their tests."""
    found: dict[str, float] = {}
    for seconds, node_id in _DURATION.findall(log):
        function = node_id.partition("::")[2].partition("[")[0]
        is_marked = any(entry.is_for(node_id) for entry in entries) or node_id.startswith(
            ("tests/browser", "tests/real")
        )
        if float(seconds) >= LONG and not is_marked:
            found[function] = max(float(seconds), found.get(function, 0.0))
    return found


def main() -> None:
    """Prints a line for `tests/marks.txt` for every long function that has no mark."""
    log = Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")
    for function, seconds in sorted(list_unmarked(log, read_marks()).items(), key=lambda item: -item[1]):
        print(f"slow {function}  # {seconds:.0f} s")


if __name__ == "__main__":
    main()
