"""Checks of one table of a run: its file, its columns and its rows.

A table is read in pieces of bounded size, so that tens of millions of influences need little memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from precompute.contract.tables import ALL_LAYERS, Column, Table, is_optional
from precompute.contract.validation.facts import KEPT, Batch, Facts, Fault, Integers
from precompute.contract.validation.order import KeyOrder
from precompute.contract.validation.rules import find_faults, number_selections

__all__ = ["Finding", "check_table", "shorten"]

_ROWS_PER_BATCH, _PICTURES_PER_BATCH = 1 << 18, 1 << 12


@dataclass(frozen=True)
class Finding:
    """One way in which a run breaks the contract.

    Args:
        table: name of the table, or manifest.json.
        rule: what holds in a sound run.
        found: what this one has instead, with a count and the first row.
    """

    table: str
    rule: str
    found: str


def check_table(path: Path, table: Table, facts: Facts) -> list[Finding]:
    """Checks the file of one table and adds to `facts` what later tables refer to.

    Args:
        path: the file.
        table: its definition.
        facts: of the tables before it. A table whose columns are wrong adds nothing.

    Returns:
        Findings on the columns; if they are all right, findings on the rows.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            findings = [f for column in table.columns if (f := _check_column(table, column, file.schema_arrow))]
            return findings or _check_rows(file, table, facts)
    except (pa.ArrowException, OSError) as problem:
        reason = (str(problem).splitlines() or [type(problem).__name__])[0].rstrip(".")
        return [Finding(table.name, "It is a complete Parquet file.", f"{path.name}: {reason}.")]


def _check_column(table: Table, column: Column, schema: pa.Schema) -> Finding | None:
    expected = "string" if pa.types.is_dictionary(column.type) else str(column.type)
    rule = f"It has the column {column.name} ({expected}): {column.meaning}"
    if column.name not in schema.names:
        if column.may_be_absent:
            return None
        return Finding(table.name, rule, f"{column.name} is missing; there are {', '.join(schema.names)}.")
    found = schema.field(column.name).type
    return None if _is_same_type(column.type, found) else Finding(table.name, rule, f"{column.name} is {found}.")


def _is_same_type(expected: pa.DataType, found: pa.DataType) -> bool:
    if pa.types.is_dictionary(expected):  # how a layer's name is encoded is the writer's choice
        return bool(pa.types.is_string(found.value_type if pa.types.is_dictionary(found) else found))
    return bool(expected.equals(found))


def _check_rows(file: pq.ParquetFile, table: Table, facts: Facts) -> list[Finding]:
    tally, order = _Tally(table), KeyOrder(table.key)
    names = KEPT.get(table.name, ())
    kept: dict[str, list[Integers]] = {name: [] for name in names}
    for rows, numbers in _read_pieces(file, table, tally, facts):
        batch = _decode(rows, table, facts.layer_names)
        for fault in order.find_faults(batch):
            tally.add(fault, rows, numbers)
        for fault in find_faults(table.name, batch, facts):
            tally.add(fault, rows, numbers)
        for name in names:
            kept[name].append(number_selections(batch.columns[name]) if name == "selection" else batch.columns[name])
    empty = np.zeros(0, dtype=np.int64)
    facts.kept[table.name] = {name: np.concatenate([empty, *pieces]) for name, pieces in kept.items()}
    facts.rows[table.name] = file.metadata.num_rows
    return tally.list_findings()


def _read_pieces(
    file: pq.ParquetFile, table: Table, tally: _Tally, facts: Facts
) -> Iterator[tuple[pa.RecordBatch, Integers]]:
    """Yields the rows of a table and their numbers from 0. Rows with a forbidden null go to the tally instead."""
    names = [name for name in table.schema.names if name in file.schema_arrow.names]
    size = _PICTURES_PER_BATCH if "image" in names else _ROWS_PER_BATCH
    start = 0
    for rows in file.iter_batches(batch_size=size, columns=names, use_threads=False):
        numbers = np.arange(start, start + rows.num_rows)
        start += rows.num_rows
        missing = np.zeros(rows.num_rows, dtype=bool)
        for column in table.columns:
            may_be_null = (
                column.nullable
                or (column.may_be_absent and column.absent is None)
                or (column.may_be_unknown and facts.is_imported)
            )
            if column.name in rows.schema.names and not may_be_null and rows[column.name].null_count:
                null = rows[column.name].is_null().to_numpy(zero_copy_only=False)
                if column.may_be_unknown and "settings" in rows.schema.names:
                    null &= ~_is_imported(rows, facts)
                tally.add(Fault(f"{column.name} is never null: {column.meaning}", null, column.name), rows, numbers)
                missing |= null
        if missing.any():
            rows, numbers = rows.filter(pa.array(~missing)), numbers[~missing]
        if rows.num_rows:
            yield rows, numbers


def _is_imported(rows: pa.RecordBatch, facts: Facts) -> NDArray[np.bool_]:
    """Returns the rows of pictures that were imported into the run, `(n_rows,)`."""
    of = pa.array(facts.imported_settings, pa.string())
    return np.asarray(pc.is_in(rows["settings"], value_set=of).to_numpy(zero_copy_only=False))


def _decode(rows: pa.RecordBatch, table: Table, layer_names: Sequence[str]) -> Batch:
    columns: dict[str, Any] = {}
    present = {}
    for column in table.columns:
        if column.name not in rows.schema.names and column.absent is None:
            continue
        values = _read_values(rows, column)
        if is_optional(column):
            present[column.name] = values.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_dictionary(column.type):
            names = (*layer_names, ALL_LAYERS) if table.name == "faithfulness" else layer_names
            columns[column.name] = _index_layers(values, names)
        elif pa.types.is_integer(column.type):
            columns[column.name] = values.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        elif pa.types.is_floating(column.type):
            columns[column.name] = values.fill_null(0).to_numpy(zero_copy_only=False)
        else:
            columns[column.name] = values
    return Batch(columns, present)


def _read_values(rows: pa.RecordBatch, column: Column) -> pa.Array:
    """Returns the values of a column; of one that the run lacks, those of a run without it."""
    if column.name in rows.schema.names:
        return rows[column.name]
    return pa.repeat(pa.scalar(column.absent, column.type), rows.num_rows)


def _index_layers(values: pa.Array, names: Sequence[str]) -> Integers:
    """Returns the indices of layers in order from the input, `(n_rows,)`; -1 for a name that is none of them."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    index = {name: i for i, name in enumerate(names)}
    indices = np.array([index.get(name, -1) for name in encoded.dictionary.to_pylist()], dtype=np.int64)
    return indices[encoded.indices.to_numpy(zero_copy_only=False)]


class _Tally:
    """A count of the rows of a table that break each rule, with the first of them."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def add(self, fault: Fault, rows: pa.RecordBatch, numbers: Integers) -> None:
        """Adds the rows that a fault marks. `numbers` are the rows' numbers in the table, from 0."""
        count = int(np.count_nonzero(fault.rows))
        if count:
            self._counts[fault.rule] = self._counts.get(fault.rule, 0) + count
            if fault.rule not in self._first:
                row = int(np.argmax(fault.rows))
                self._first[fault.rule] = f"row {numbers[row]:,} ({self._describe(rows, row, fault.column)})"

    def list_findings(self) -> list[Finding]:
        """Returns one finding for each broken rule."""
        return [
            Finding(self._table.name, rule, f"Not in {n:,} {'row' if n == 1 else 'rows'}; first: {self._first[rule]}.")
            for rule, n in self._counts.items()
        ]

    def _describe(self, rows: pa.RecordBatch, row: int, column: str | None) -> str:
        names = dict.fromkeys((*self._table.key, *([column] if column else [])))
        return ", ".join(f"{name} {shorten(rows[name][row].as_py())}" for name in names if name in rows.schema.names)


def shorten(value: Any) -> str:
    """Returns a value as text of at most 80 characters; `null` for None."""
    text = "null" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
