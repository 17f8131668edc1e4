"""The declaration of a table: its columns with their meanings, its key and its row groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

__all__ = ["Column", "Table", "define_table", "is_optional"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: unique in the table.
        type: Arrow type.
        meaning: a sentence for people, with the unit.
        nullable: null is a value that it may have in any run.
        may_be_unknown: null is allowed in an imported run, and for a feature visualization whose settings have
            `imported_from`. Elsewhere null is a fault.
        may_be_absent: runs of earlier versions lack the column. A writer that has no values leaves it null.
        absent: the value of all rows of a run that lacks the column, and of a writer that has none.
    """

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False
    may_be_unknown: bool = False
    may_be_absent: bool = False
    absent: str | None = None


def is_optional(column: Column) -> bool:
    """Returns True if some run may have a null in the column."""
    return column.nullable or column.may_be_unknown or (column.may_be_absent and column.absent is None)


@dataclass(frozen=True)
class Table:
    """One table of a run.

    Args:
        name: unique in the run; the file is `NAME.parquet`.
        meaning: a sentence for people.
        key: the columns that identify a row, and by which rows are sorted.
        columns: all columns in order, the key first.
        row_group_by: the column of the key whose values start Parquet row groups, so that a reader of one class or
            one layer reads nothing else. None for a single row group.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    row_group_by: str | None = None

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema that the table is written with."""
        return pa.schema([pa.field(c.name, c.type, nullable=is_optional(c)) for c in self.columns])


def define_table(
    name: str, meaning: str, key: Sequence[Column], *columns: Column, row_group_by: str | None = None
) -> Table:
    """Declares a table; its columns are those of the key and then the others."""
    return Table(name, meaning, tuple(c.name for c in key), (*key, *columns), row_group_by)
