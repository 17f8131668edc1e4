"""Reading a table class by class, in memory for one row group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from precompute.contract.tables import TABLES

__all__ = ["ClassReader"]


class ClassReader:
    """A reader of the rows of one class after another, from a table sorted by `class_id`.

    Holds one row group at a time. A row group may hold several classes, and a class may go on in the next one.

    Args:
        run: the run's folder.
        name: one of `TABLES`.
        columns: the columns to read, in order.

    Example:
        with ClassReader(run, "influences", columns) as reader:
            for class_id in sorted(class_ids):
                rows = reader.read(class_id)

    Raises:
        InputError: the run has no such table, or it is damaged or not sorted.
    """

    def __init__(self, run: Path, name: str, columns: Sequence[str]) -> None:
        self._path = locate_table(run, name)
        if not self._path.is_file():
            read_table(run, name)  # Raises the message that names the missing stage.
        self._columns = list(columns)
        try:
            self._file = pq.ParquetFile(self._path)
        except (pa.ArrowInvalid, OSError) as problem:
            raise self._build_error(str(problem)) from problem
        self._classes = self._iterate()
        self._next: tuple[int, pa.Table] | None = next(self._classes, None)
        self._empty = pa.schema([TABLES[name].schema.field(column) for column in columns]).empty_table()

    def __enter__(self) -> ClassReader:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def read(self, class_id: int) -> pa.Table:
        """Returns the rows of a class, none if it has none. Calls ask for ascending classes and may skip some.

        Raises:
            InputError: the table is damaged or not sorted.
        """
        while self._next is not None and self._next[0] < class_id:
            self._next = next(self._classes, None)
        if self._next is None or self._next[0] > class_id:
            return self._empty
        return self._next[1]

    def _iterate(self) -> Iterator[tuple[int, pa.Table]]:
        """Yields each class with all of its rows."""
        class_id, pieces = -1, list[pa.Table]()
        for found, piece in self._read_pieces():
            if found < class_id:
                raise self._build_error(f"class {found} follows class {class_id}")
            if found != class_id and pieces:
                yield class_id, pa.concat_tables(pieces)
                pieces = []
            class_id = found
            pieces.append(piece)
        if pieces:
            yield class_id, pa.concat_tables(pieces)

    def _read_pieces(self) -> Iterator[tuple[int, pa.Table]]:
        """Yields row ranges of one class each, in the order of the file."""
        for group in range(self._file.num_row_groups):
            try:
                rows = self._file.read_row_group(group, columns=["class_id", *self._columns])
            except (pa.ArrowInvalid, OSError) as problem:
                raise self._build_error(str(problem)) from problem
            class_ids = rows["class_id"].to_numpy()
            starts = np.flatnonzero(np.diff(class_ids, prepend=class_ids[:1] - 1))
            for start, stop in zip(starts, [*starts[1:], len(class_ids)], strict=True):
                yield int(class_ids[start]), rows.slice(start, stop - start).select(self._columns)

    def _build_error(self, found: str) -> InputError:
        return InputError(
            "A table of a run is a complete Parquet file, sorted by class_id.",
            f"{self._path}: {found}.",
            "Make the run again with --overwrite.",
        )
