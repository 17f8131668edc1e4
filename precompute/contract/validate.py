"""Checks that a run keeps the contract of `precompute.contract.schema`, and says in words where it does not.

Tables are read in pieces of bounded size, so a run of tens of millions of influences needs little memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from precompute.contract.output_meanings import OUTPUT_ACTIVATIONS
from precompute.contract.schema import MANIFEST, TABLES, read_manifest, table_path
from precompute.contract.tables import Column, Table, is_optional
from precompute.contract.validation_rules import KEPT, Batch, Facts, Fault, Integers, KeyOrder, faults, total_faults

__all__ = ["TABLES_OF_STAGES", "Finding", "validate"]

TABLES_OF_STAGES: Mapping[str, tuple[str, ...]] = {
    "aggregate": ("classes", "layers", "images", "activations", "influences", "channels"),
    "graphs": ("attribution_graph_nodes", "attribution_graph_edges", "attribution_graphs"),
    "examples": ("dataset_examples",),
    "embedding": ("embeddings",),
    "visualize": ("feature_visualizations",),
    "faithfulness": ("faithfulness",),
    "import": (
        *("classes", "layers", "activations", "influences"),
        *("attribution_graph_nodes", "attribution_graph_edges", "attribution_graphs"),
    ),
}
"""What each stage leaves behind once the manifest calls it done."""

_MANIFEST_KEYS = ("created", "model", "dataset", "layers", "stages")
_ROWS_PER_BATCH, _PICTURES_PER_BATCH = 1 << 18, 1 << 12


@dataclass(frozen=True)
class Finding:
    """One way in which a run breaks the contract.

    Args:
        table: name of the table, or manifest.json.
        rule: what holds in a sound run.
        found: what this one has instead, with a count and the first place.
    """

    table: str
    rule: str
    found: str


def validate(run: Path) -> list[Finding]:
    """Checks a run: manifest, tables of the finished stages, types, keys, references, ranges and totals.

    Tables that are there are checked even where their stage is not done. Columns beyond the contract are left alone.

    Returns:
        The findings, the manifest's first; empty when all is well.

    Raises:
        InputError: the folder is no run, its manifest is no JSON, or its schema is newer than this version's.
    """
    manifest = read_manifest(run)
    findings = _check_manifest(manifest)
    required = _required_tables(manifest)
    is_imported = isinstance(manifest.get("imported"), dict)
    facts = Facts(_layer_names(manifest), is_imported=is_imported, imported_settings=_imported_settings(manifest))
    for table in TABLES.values():
        path = table_path(run, table.name)
        if path.is_file():
            findings += _check_table(path, table, facts)
        elif table.name in required:
            rule = f"The stage {required[table.name]} is done, so it is there: {table.meaning}"
            findings.append(Finding(table.name, rule, f"{path.name} is missing."))
    dataset = manifest.get("dataset")
    totals = total_faults(facts, dataset if isinstance(dataset, dict) else {})
    return findings + [Finding(*total) for total in totals]


# --- manifest -------------------------------------------------------------------------------------------------------


def _check_manifest(manifest: Mapping[str, Any]) -> list[Finding]:
    rule = f"It has the keys {', '.join(_MANIFEST_KEYS)}."
    findings = [Finding(MANIFEST, rule, f"{key} is missing.") for key in _MANIFEST_KEYS if key not in manifest]
    names = _layer_names(manifest)
    if "layers" in manifest and (not names or len(set(names)) < len(names)):
        rule = "layers lists the names of the recorded layers from the input on, each once."
        findings.append(Finding(MANIFEST, rule, f"Found {_short(manifest['layers'])}."))
    for key in ("dataset", "stages"):
        if key in manifest and not isinstance(manifest[key], dict):
            findings.append(Finding(MANIFEST, f"{key} is an object.", f"Found {_short(manifest[key])}."))
    model = manifest.get("model")
    activation = model.get("output_activation") if isinstance(model, dict) else None
    if activation is not None and activation not in OUTPUT_ACTIVATIONS:
        rule = f"model.output_activation is null or one of {', '.join(OUTPUT_ACTIVATIONS)}."
        findings.append(Finding(MANIFEST, rule, f"Found {_short(activation)}."))
    for name, stage in _stages(manifest).items():
        if not isinstance(stage, dict) or not isinstance(stage.get("state"), str):
            findings.append(Finding(MANIFEST, "Every stage has a state.", f"Found {name}: {_short(stage)}."))
    return findings


def _layer_names(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the recorded layers in order, given as such or as objects; empty where the manifest does not say."""
    layers = manifest.get("layers")
    if not isinstance(layers, list):
        return ()
    names = [entry.get("layer") if isinstance(entry, dict) else entry for entry in layers]
    known = tuple(name for name in names if isinstance(name, str))
    return known if len(known) == len(names) else ()


def _imported_settings(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of settings that say whence a picture was imported."""
    facts = manifest.get("visualizations")
    settings = facts.get("settings") if isinstance(facts, dict) else None
    named = settings.items() if isinstance(settings, dict) else ()
    return tuple(name for name, entry in named if isinstance(entry, dict) and "imported_from" in entry)


def _stages(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    stages = manifest.get("stages")
    return stages if isinstance(stages, dict) else {}


def _required_tables(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The tables that must be there, each with its stage."""
    done = [
        name for name, stage in _stages(manifest).items() if isinstance(stage, dict) and stage.get("state") == "done"
    ]
    drawn = {"prototypes": "prototypes"} if isinstance(manifest.get("prototypes"), dict) else {}
    return {**{table: stage for stage in done for table in TABLES_OF_STAGES.get(stage, ())}, **drawn}


# --- one table ------------------------------------------------------------------------------------------------------


def _check_table(path: Path, table: Table, facts: Facts) -> list[Finding]:
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
    return None if _same_type(column.type, found) else Finding(table.name, rule, f"{column.name} is {found}.")


def _same_type(expected: pa.DataType, found: pa.DataType) -> bool:
    if pa.types.is_dictionary(expected):  # how a layer's name is encoded is the writer's choice
        return bool(pa.types.is_string(found.value_type if pa.types.is_dictionary(found) else found))
    return bool(expected.equals(found))


def _check_rows(file: pq.ParquetFile, table: Table, facts: Facts) -> list[Finding]:
    tally, order = _Tally(table), KeyOrder(table.key)
    names = KEPT.get(table.name, ())
    kept: dict[str, list[Integers]] = {name: [] for name in names}
    for rows, numbers in _pieces(file, table, tally, facts):
        batch = _decoded(rows, table, facts.layer_names)
        for fault in order.faults(batch):
            tally.add(fault, rows, numbers)
        for fault in faults(table.name, batch, facts):
            tally.add(fault, rows, numbers)
        for name in names:
            kept[name].append(batch.columns[name])
    empty = np.zeros(0, dtype=np.int64)
    facts.kept[table.name] = {name: np.concatenate([empty, *pieces]) for name, pieces in kept.items()}
    facts.rows[table.name] = file.metadata.num_rows
    return tally.findings()


def _pieces(
    file: pq.ParquetFile, table: Table, tally: _Tally, facts: Facts
) -> Iterator[tuple[pa.RecordBatch, Integers]]:
    """The rows of a table and their numbers from 0, without those that tally up because a required value is null."""
    names = [name for name in table.schema.names if name in file.schema_arrow.names]
    size = _PICTURES_PER_BATCH if "image" in names else _ROWS_PER_BATCH
    start = 0
    for rows in file.iter_batches(batch_size=size, columns=names, use_threads=False):
        numbers = np.arange(start, start + rows.num_rows)
        start += rows.num_rows
        missing = np.zeros(rows.num_rows, dtype=bool)
        for column in table.columns:
            may_be_null = column.nullable or column.may_be_absent or (column.may_be_unknown and facts.is_imported)
            if not may_be_null and rows[column.name].null_count:
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
    """Which pictures were imported into the run."""
    of = pa.array(facts.imported_settings, pa.string())
    return np.asarray(pc.is_in(rows["settings"], value_set=of).to_numpy(zero_copy_only=False))


def _decoded(rows: pa.RecordBatch, table: Table, layer_names: Sequence[str]) -> Batch:
    columns: dict[str, Any] = {}
    present = {}
    for column in table.columns:
        if column.name not in rows.schema.names:
            continue
        values = rows[column.name]
        if is_optional(column):
            present[column.name] = values.is_valid().to_numpy(zero_copy_only=False)
        if pa.types.is_dictionary(column.type):
            columns[column.name] = _layer_places(values, layer_names)
        elif pa.types.is_integer(column.type):
            columns[column.name] = values.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        elif pa.types.is_floating(column.type):
            columns[column.name] = values.fill_null(0).to_numpy(zero_copy_only=False)
        else:
            columns[column.name] = values
    return Batch(columns, present)


def _layer_places(values: pa.Array, names: Sequence[str]) -> Integers:
    """Places of layers in the order from the input; -1 for a name that is none of them."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    place = {name: i for i, name in enumerate(names)}
    places = np.array([place.get(name, -1) for name in encoded.dictionary.to_pylist()], dtype=np.int64)
    return places[encoded.indices.to_numpy(zero_copy_only=False)]


class _Tally:
    """Counts the rows of a table that break each rule, and remembers the first."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._counts: dict[str, int] = {}
        self._first: dict[str, str] = {}

    def add(self, fault: Fault, rows: pa.RecordBatch, numbers: Integers) -> None:
        """Adds the rows that a fault marks; `numbers` are the rows' places in the table."""
        count = int(np.count_nonzero(fault.rows))
        if count:
            self._counts[fault.rule] = self._counts.get(fault.rule, 0) + count
            if fault.rule not in self._first:
                row = int(np.argmax(fault.rows))
                self._first[fault.rule] = f"row {numbers[row]:,} ({self._described(rows, row, fault.column)})"

    def findings(self) -> list[Finding]:
        return [
            Finding(self._table.name, rule, f"Not in {n:,} {'row' if n == 1 else 'rows'}; first: {self._first[rule]}.")
            for rule, n in self._counts.items()
        ]

    def _described(self, rows: pa.RecordBatch, row: int, column: str | None) -> str:
        names = dict.fromkeys((*self._table.key, *([column] if column else [])))
        return ", ".join(f"{name} {_short(rows[name][row].as_py())}" for name in names)


def _short(value: Any) -> str:
    text = "null" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "..."
