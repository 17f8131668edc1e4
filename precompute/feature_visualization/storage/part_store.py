"""A table of pictures that grows during the work: a small file for each finished batch, merged from time to time.

A killed process loses its unfinished batch alone. The table is written first, then the manifest's facts, and then the
files are removed: files that are left over are merged again with the same result.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from precompute.contract.atomic import replace_file
from precompute.contract.schema import TABLES, locate_table, read_table
from precompute.contract.writing import write_table

__all__ = ["NoteFacts", "PartStore", "Parts", "Row", "select_used_settings"]

NoteFacts = Callable[[Mapping[str, Any]], None]
"""A function that writes the facts about the pictures into the run's manifest."""

Row = Mapping[str, Any]


class Parts(NamedTuple):
    """The files beside the table.

    Attributes:
        paths: the files, older ones first.
        rows: rows of the files, in that order; damaged files and those of earlier versions have none.
    """

    paths: list[Path]
    rows: list[Row]


class PartStore:
    """The files and the table. The process that uses the store holds the run's lock.

    Args:
        run: the run's directory.
        stage: name of the folder of the files, under `parts`.
        table: name of the table in the schema.
        part: the columns of a file: those of the table, but some may be null that the table requires.
    """

    def __init__(self, run: Path, stage: str, table: str, part: pa.Schema) -> None:
        self._run, self._table, self._part = run, table, part
        self._folder = run / "parts" / stage

    def keep(self, name: str, rows: Sequence[Row]) -> None:
        """Stores one finished batch in a file of this name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.parquet"
        with replace_file(path) as temporary:
            pq.write_table(pa.Table.from_pylist(list(rows), schema=self._part), temporary)

    def read_rows(self) -> list[Row]:
        """Reads the rows of the table; none without a table, and None in columns that an earlier version lacks."""
        if not locate_table(self._run, self._table).is_file():
            return []
        unknown = dict.fromkeys(self._part.names)
        return [{**unknown, **row} for row in read_table(self._run, self._table).to_pylist()]

    def read_parts(self) -> Parts:
        """Reads the files that are not in the table yet."""
        paths, rows = sorted(self._folder.glob("*.parquet"), key=lambda path: (path.stat().st_mtime_ns, path.name)), []
        for path in paths:
            try:
                table = pq.read_table(path)
            except (pa.ArrowInvalid, OSError):
                continue
            if table.schema.equals(self._part):
                rows += table.to_pylist()
        return Parts(paths, rows)

    def replace(self, rows: Sequence[Row], note: Callable[[], None], folded: Sequence[Path]) -> None:
        """Replaces the table, notes the facts, and removes the files.

        Args:
            rows: all rows of the new table, sorted.
            note: function that writes the facts.
            folded: files whose rows are in the new table.
        """
        names = [column.name for column in TABLES[self._table].columns]
        write_table(self._run, self._table, {name: [row[name] for row in rows] for name in names})
        note()
        for path in folded:  # other threads may have stored more batches meanwhile: those stay
            path.unlink()
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def select_used_settings(known: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """Selects the settings that at least one picture was drawn with."""
    return {name: value for name, value in known.items() if name in used}
