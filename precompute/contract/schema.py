"""The contract between `precompute`, which writes a run, and `summit_dash`, which reads it.

A *run* is one directory: `manifest.json` and the Parquet tables that `precompute.contract.tables` defines, each sorted
by its key. This module needs pyarrow alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.tables import (
    ALL_CLASSES,
    HISTOGRAM_BINS,
    PAGERANK,
    PROTOTYPE_METHODS,
    TABLES,
    VISUALIZATION_KINDS,
)

__all__ = [
    "ALL_CLASSES",
    "HISTOGRAM_BINS",
    "MANIFEST",
    "PROTOTYPE_METHODS",
    "SCHEMA_VERSION",
    "TABLES",
    "VISUALIZATION_KINDS",
    "iterate_batches",
    "locate_table",
    "read_manifest",
    "read_table",
    "write_manifest",
]

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
"""The name of the manifest in a run's folder."""


def locate_table(run: Path, name: str) -> Path:
    """Returns the path of a table's file in a run. The file need not exist."""
    return run / f"{TABLES[name].name}.parquet"


def read_manifest(run: Path) -> dict[str, Any]:
    """Reads a run's manifest.

    Raises:
        InputError: the folder is no run, its manifest is damaged, or its schema is newer than this version's.
    """
    path = run / MANIFEST
    if not path.is_file():
        raise InputError(
            f"A run is a folder with a {MANIFEST}.",
            f"{run} has none." if run.is_dir() else f"{run} is no folder.",
            "Name a folder that `summit-dash precompute` or `summit-dash demo` wrote.",
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        version = int(manifest["schema_version"])
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f"{MANIFEST} is JSON with a schema_version.",
            f"{path}: {problem}.",
            "Run precompute again with --overwrite.",
        ) from problem
    if version > SCHEMA_VERSION:
        raise InputError(
            f"This version of Summit Dash reads runs up to schema version {SCHEMA_VERSION}.",
            f"{run} has version {version}.",
            "Upgrade with `pip install --upgrade summit-dash`, or make the run again with this version.",
        )
    return dict(manifest)


def write_manifest(run: Path, manifest: Mapping[str, Any]) -> None:
    """Writes the manifest atomically, with the current schema version in place of the one that it held.

    Raises:
        OSError: the folder cannot be written.
    """
    version = {"schema_version": SCHEMA_VERSION}
    text = json.dumps({**version, **manifest, **version}, indent=2, ensure_ascii=False, sort_keys=False)
    with replace_file(run / MANIFEST) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_table(
    run: Path,
    name: str,
    columns: Sequence[str] | None = None,
    filters: pc.Expression | None = None,
    selection: str | None = PAGERANK,
) -> pa.Table:
    """Reads a table, or the named columns of the rows that pass `filters`.

    Row groups that cannot match are skipped.

    Args:
        run: the run's folder.
        name: one of `TABLES`.
        columns: names of the columns, in order; None for all.
        filters: a condition on the rows; None for all rows.
        selection: of the tables of graphs, the graphs chosen by this; None for all.

    Raises:
        InputError: the run has no such table (its stage has not run), or the file is damaged.
    """
    with _open_table(run, name) as path:
        if selection is not None and is_selected(name):
            return _read_selection(path, columns, filters, selection)
        return pq.read_table(path, columns=list(columns) if columns else None, filters=filters)


def iterate_batches(run: Path, name: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yields the named columns of a table in pieces of at most 65,536 rows, of which one is in memory at a time.

    Raises:
        InputError: the run has no such table, or the file is damaged.
    """
    with _open_table(run, name) as path, pq.ParquetFile(path) as file:
        yield from file.iter_batches(columns=list(columns))


@contextmanager
def _open_table(run: Path, name: str) -> Iterator[Path]:
    """Yields the path of a table's file, and says in plain words what is wrong with it."""
    path = locate_table(run, name)
    if not path.is_file():
        raise InputError(
            f"The table {name} is written by a stage of precompute.",
            f"{run} has no {path.name}.",
            "Run the missing stage: `summit-dash precompute ... --out RUN` resumes where it stopped.",
        )
    try:
        yield path
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(
            "A table of a run is a complete Parquet file.",
            f"{path}: {problem}.",
            "Make the run again with --overwrite.",
        ) from problem


def is_selected(name: str) -> bool:
    """Checks that a table holds several graphs of a class, by what their channels were chosen by."""
    return "selection" in TABLES[name].key and name.startswith("attribution_graph")


def _read_selection(
    path: Path, columns: Sequence[str] | None, filters: pc.Expression | None, selection: str
) -> pa.Table:
    """Reads the rows of one selection; those of a file without the column are PageRank's."""
    names = pq.read_schema(path).names
    kept = list(columns) if columns else [each for each in names if each != "selection"]
    if "selection" not in names:
        rows = pq.read_table(path, columns=kept, filters=filters)
        return rows if selection == PAGERANK else rows.slice(0, 0)
    chosen = pc.field("selection") == selection
    return pq.read_table(path, columns=kept, filters=chosen if filters is None else filters & chosen)
