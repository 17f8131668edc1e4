"""A table of pictures that grows while it is drawn: each finished batch a small file at once, all of them the table
from time to time.

A killed process loses the batch that it was at, and nothing else: the table is written, then the manifest's facts, and
then the files are removed, so that whatever is left over is put in again to the same effect.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from precompute.contract.atomic import replace_file
from precompute.contract.schema import TABLES, read_table, table_path
from precompute.contract.writing import write_table

__all__ = ["NoteFacts", "PartStore", "Parts", "Row", "used_settings"]

NoteFacts = Callable[[Mapping[str, Any]], None]
"""Writes the facts on the pictures into the run's manifest."""

Row = Mapping[str, Any]


class Parts(NamedTuple):
    """What is kept beside the table.

    Attributes:
        paths: the files, older ones first.
        rows: theirs, in that order; damaged files and those of earlier versions have none.
    """

    paths: list[Path]
    rows: list[Row]


class PartStore:
    """The files and the table; one process at a time, whoever holds the run's lock.

    Args:
        run: the run's directory.
        stage: names the folder of the files, under `parts`.
        table: of the schema.
        part: the columns of a file, which are the table's, where some may be null that the table has not.
    """

    def __init__(self, run: Path, stage: str, table: str, part: pa.Schema) -> None:
        self._run, self._table, self._part = run, table, part
        self._folder = run / "parts" / stage

    def keep(self, name: str, rows: Sequence[Row]) -> None:
        """Keeps one finished batch under a name of its own."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{name}.parquet"
        with replace_file(path) as temporary:
            pq.write_table(pa.Table.from_pylist(list(rows), schema=self._part), temporary)

    def rows(self) -> list[Row]:
        """Of the table as it is."""
        if not table_path(self._run, self._table).is_file():
            return []
        unknown = dict.fromkeys(self._part.names)
        return [{**unknown, **row} for row in read_table(self._run, self._table).to_pylist()]

    def parts(self) -> Parts:
        """What is kept and not folded yet."""
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
        """Writes the table, sorted already, then the facts, and removes the files that are in it by now."""
        names = [column.name for column in TABLES[self._table].columns]
        write_table(self._run, self._table, {name: [row[name] for row in rows] for name in names})
        note()
        for path in folded:  # and no others: more batches may have been finished meanwhile
            path.unlink()
        with contextlib.suppress(OSError):
            self._folder.rmdir()


def used_settings(known: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    """The settings that some picture was drawn with."""
    return {name: value for name, value in known.items() if name in used}
