"""Reading the few rows of a large table that have some values in the columns by which it is sorted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table

__all__ = ["RowGroups"]

_Stamp = tuple[int, int, int]


class _Range(NamedTuple):
    """The least and the greatest value of a column in each row group; `are_known` is False where it says none."""

    least: NDArray[Any]
    greatest: NDArray[Any]
    are_known: NDArray[np.bool_]


class _Facts(NamedTuple):
    """The end of a file, which describes it."""

    stamp: _Stamp
    metadata: pq.FileMetaData
    ranges: dict[str, _Range]


class RowGroups:
    """A table of which a few row groups are read at a time.

    The end of the file, which lists the row groups, is read once: with a thousand classes that takes longer than the
    rows of one. A file that was replaced is noticed. Several threads may use this at once.

    Args:
        run: the run's folder.
        name: one of `TABLES`.
        keys: columns by which rows are looked for.
    """

    def __init__(self, run: Path, name: str, keys: Sequence[str]) -> None:
        self._run, self._name, self._keys = run, name, tuple(keys)
        self._path = locate_table(run, name)
        self._lock = threading.Lock()
        self._facts: _Facts | None = None

    def read(self, columns: Sequence[str], **wanted: int | str) -> pa.Table:
        """Reads the rows that have the wanted values, in the order of the table.

        Args:
            columns: the columns to read.
            wanted: a value for some of the keys.

        Raises:
            InputError: the run has no such table, or the file is damaged.
        """
        try:
            facts = self._find_facts()
            groups, is_exact = _choose(facts, wanted)
            read = list(dict.fromkeys([*columns, *([] if is_exact else wanted)]))
            with pq.ParquetFile(self._path, metadata=facts.metadata) as file:
                table = file.read_row_groups(groups, read, use_threads=False)
        except FileNotFoundError:
            return read_table(self._run, self._name, columns)  # raises the message that names the missing stage
        except (pa.ArrowException, OSError) as problem:
            raise InputError(
                "A table of a run is a complete Parquet file.",
                f"{self._path}: {problem}.",
                "Make the run again with --overwrite.",
            ) from problem
        if is_exact:
            return table
        mine = [pc.field(name) == value for name, value in wanted.items()]
        for condition in mine:
            table = table.filter(condition)
        return table.select(list(columns))

    def _find_facts(self) -> _Facts:
        status = self._path.stat()
        stamp = status.st_mtime_ns, status.st_size, status.st_ino
        with self._lock:
            if self._facts is None or self._facts.stamp != stamp:
                metadata = pq.read_metadata(self._path)
                self._facts = _Facts(stamp, metadata, {name: _read_range(metadata, name) for name in self._keys})
            return self._facts


def _choose(facts: _Facts, wanted: dict[str, int | str]) -> tuple[list[int], bool]:
    """Chooses the row groups that may hold the wanted rows. The second is True if they hold no other ones."""
    may_hold = np.ones(facts.metadata.num_row_groups, bool)
    are_all = np.ones(facts.metadata.num_row_groups, bool)
    for name, value in wanted.items():
        found = facts.ranges[name]
        may_hold &= ~found.are_known | ((found.least <= value) & (found.greatest >= value))
        are_all &= found.are_known & (found.least == value) & (found.greatest == value)
    return np.flatnonzero(may_hold).tolist(), bool(are_all[may_hold].all())


def _read_range(metadata: pq.FileMetaData, name: str) -> _Range:
    names = [metadata.schema.column(place).name for place in range(metadata.num_columns)]
    place, n = names.index(name), metadata.num_row_groups
    found = [metadata.row_group(group).column(place).statistics for group in range(n)]
    is_known = [bool(each is not None and each.has_min_max and not each.null_count) for each in found]
    kind: Any = object if metadata.schema.column(place).physical_type == "BYTE_ARRAY" else np.int64
    default = "" if kind is object else 0
    least = [each.min if known else default for each, known in zip(found, is_known, strict=True)]
    greatest = [each.max if known else default for each, known in zip(found, is_known, strict=True)]
    return _Range(np.array(least, kind), np.array(greatest, kind), np.array(is_known, bool))
