"""Writing the tables of a run: whole ones, or streams of sorted pieces, in row groups that readers can skip."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.atomic import replace_file
from precompute.contract.schema import table_path
from precompute.contract.tables import TABLES, Table

__all__ = ["TableWriter", "write_table"]


class TableWriter:
    """Writes one table as a stream of sorted pieces, atomically: the file appears when the block ends without error.

    Every `write` starts a row group; the caller hands pieces over in key order.
    """

    def __init__(self, run: Path, name: str) -> None:
        self._table = TABLES[name]
        self._path = table_path(run, name)
        self._stack = contextlib.ExitStack()
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> TableWriter:
        temporary = self._stack.enter_context(replace_file(self._path))
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
        """Appends rows, in key order, as one row group; a mapping of columns is cast to the table's types."""
        assert self._writer is not None, "TableWriter is used in a `with` block"
        table = rows if isinstance(rows, pa.Table) else _from_columns(self._table, rows)
        if table.num_rows:
            self._writer.write_table(table.cast(self._table.schema), row_group_size=table.num_rows)


def _from_columns(table: Table, columns: Mapping[str, Any]) -> pa.Table:
    arrays = []
    n_rows = len(columns[table.columns[0].name])
    for column in table.columns:
        values = columns.get(column.name, [None] * n_rows) if column.may_be_absent else columns[column.name]
        if pa.types.is_dictionary(column.type) and not isinstance(values, pa.Array | pa.ChunkedArray):
            values = pa.array(values, pa.string()).dictionary_encode().cast(column.type)
        arrays.append(values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, column.type))
    return pa.table(arrays, schema=table.schema)


def write_table(run: Path, name: str, rows: pa.Table | Mapping[str, Any]) -> None:
    """Writes a whole table, already sorted by its key, in row groups by `row_group_by`."""
    spec = TABLES[name]
    table = rows if isinstance(rows, pa.Table) else _from_columns(spec, rows)
    with TableWriter(run, name) as writer:
        for start, stop in _row_groups(table, spec.row_group_by):
            writer.write(table.slice(start, stop - start))


_ROWS_PER_GROUP = 4096


def _row_groups(table: pa.Table, column: str | None) -> Iterator[tuple[int, int]]:
    """Row ranges of whole groups: one value of `column` each, small neighbours put together."""
    if column is None or not table.num_rows:
        yield 0, table.num_rows
        return
    values = table[column].combine_chunks()
    values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    changes = pc.indices_nonzero(pc.not_equal(values[1:], values[:-1])).to_pylist()
    start = 0
    for stop in (*(c + 1 for c in changes), table.num_rows):
        if stop - start >= _ROWS_PER_GROUP or stop == table.num_rows:
            yield start, stop
            start = stop
