"""Writing the tables of a run: whole tables or streams of sorted pieces, in row groups of whole classes or channels."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.atomic import NameFile, replace_file
from precompute.contract.schema import locate_table
from precompute.contract.tables import TABLES, Table

__all__ = ["TableWriter", "find_row_groups", "gather_rows", "write_table"]

_ROWS_PER_GROUP = 4096


class TableWriter:
    """A writer of one table as a stream of sorted pieces.

    The table is written atomically: the file appears when the block ends without error. Every call of `write` starts a
    row group. The caller hands pieces over in the order of the table's key.

    Args:
        run: the run's folder.
        name: one of `TABLES`.
        name_file: of `replace_files`, where several tables appear at once; None for this one alone.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(self, run: Path, name: str, name_file: NameFile | None = None) -> None:
        self._table = TABLES[name]
        self._name_file = name_file
        self._path = locate_table(run, name)
        self._stack = contextlib.ExitStack()
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> TableWriter:
        if self._name_file is None:
            temporary = self._stack.enter_context(replace_file(self._path))
        else:
            temporary = self._name_file(self._path)
        has_images = "image" in self._table.schema.names
        self._writer = self._stack.enter_context(
            pq.ParquetWriter(
                temporary,
                self._table.schema,
                compression="zstd",
                # Crops of deep layers are often the same whole image: a large dictionary page stores each once.
                dictionary_pagesize_limit=64 * 2**20 if has_images else None,
                write_statistics=[n for n in self._table.schema.names if n not in {"image", "probability_histogram"}],
            )
        )
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self._stack.__exit__(*exc_info)

    def write(self, rows: pa.Table | Mapping[str, Any]) -> None:
        """Appends rows, in key order, as one row group. A mapping of columns is cast to the table's types."""
        assert self._writer is not None, "TableWriter is used in a `with` block"
        table = rows if isinstance(rows, pa.Table) else _build_table(self._table, rows)
        if table.num_rows:
            self._writer.write_table(table.cast(self._table.schema), row_group_size=table.num_rows)


def _build_table(table: Table, columns: Mapping[str, Any]) -> pa.Table:
    arrays = []
    n_rows = len(columns[table.columns[0].name])
    for column in table.columns:
        values = columns.get(column.name, [column.absent] * n_rows) if column.may_be_absent else columns[column.name]
        if pa.types.is_dictionary(column.type) and not isinstance(values, pa.Array | pa.ChunkedArray):
            values = pa.array(values, pa.string()).dictionary_encode().cast(column.type)
        arrays.append(values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, column.type))
    return pa.table(arrays, schema=table.schema)


def write_table(run: Path, name: str, rows: pa.Table | Mapping[str, Any], name_file: NameFile | None = None) -> None:
    """Writes a whole table, already sorted by its key, in row groups by `row_group_by`.

    Args:
        run: the run's folder.
        name: one of `TABLES`.
        rows: an Arrow table, or values by column, which are cast to the table's types.
        name_file: as of `TableWriter`.

    Raises:
        OSError: the folder cannot be written.
    """
    spec = TABLES[name]
    table = rows if isinstance(rows, pa.Table) else _build_table(spec, rows)
    with TableWriter(run, name, name_file) as writer:
        if spec.row_group_by is None:
            writer.write(table)
            return
        for start, stop in find_row_groups(table[spec.row_group_by].combine_chunks(), _ROWS_PER_GROUP):
            writer.write(table.slice(start, stop - start))


def find_row_groups(values: pa.Array, n_rows: int) -> Iterator[tuple[int, int]]:
    """Yields ranges of rows, first and exclusive last, which hold each run of equal values whole.

    Args:
        values: the column that a reader selects by, such as the class, sorted.
        n_rows: the least number of rows of a range. The last one may have fewer.
    """
    if not len(values):
        return
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    changes = pc.indices_nonzero(pc.not_equal(values[1:], values[:-1])).to_pylist()
    start = 0
    for stop in (*(change + 1 for change in changes), len(values)):
        if stop - start >= n_rows or stop == len(values):
            yield start, stop
            start = stop


@contextlib.contextmanager
def gather_rows(run: Path, name: str, n_rows: int = _ROWS_PER_GROUP) -> Iterator[Callable[[pa.Table], None]]:
    """Yields a function that appends pieces to a table and gathers small ones into one row group.

    A row group holds whole pieces, such as classes. The table is written as by `TableWriter`.

    Args:
        run: the run's folder.
        name: one of `TABLES`.
        n_rows: the least number of rows of a row group. The last one may have fewer.

    Raises:
        OSError: the folder cannot be written.
    """
    pending: list[pa.Table] = []

    def flush() -> None:
        if pending:
            writer.write(pa.concat_tables(pending).unify_dictionaries())
            pending.clear()

    def append(rows: pa.Table) -> None:
        pending.append(rows)
        if sum(piece.num_rows for piece in pending) >= n_rows:
            flush()

    with TableWriter(run, name) as writer:
        yield append
        flush()
