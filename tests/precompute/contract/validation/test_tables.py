"""One table of a run: its columns, their types, its nulls, and the file itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.contract.schema import locate_table
from precompute.contract.tables import TABLES
from precompute.contract.writing import write_table
from tests.support.sound_run import ROWS, make_nullable, write_sound_run
from tests.support.validation import validate


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_sound_run(tmp_path)


def test_further_columns_and_plain_strings_are_fine(run: Path) -> None:
    path = locate_table(run, "channels")
    table = pq.read_table(path)
    table = table.set_column(0, "layer", table["layer"].cast(pa.string()))
    pq.write_table(table.append_column("note", pa.array(["x"] * 3)), path)

    assert validate(run) == []


@pytest.mark.parametrize(
    ("name", "column", "values", "meaning"),
    [
        ("activations", "activation_count", [2, None, 1, 1, 1, 2], "Images of the class whose smallest set"),
        ("images", "image_id", [0, None, 2, 4], "Place of the image"),
        ("attribution_graph_nodes", "class_id", [None, 3, 3, 7, 7, 7], "The class of the dataset"),
    ],
)
def test_a_null_is_found_with_the_columns_meaning(
    run: Path, name: str, column: str, values: list[Any], meaning: str
) -> None:
    pq.write_table(make_nullable(name, {**ROWS[name], column: values}), locate_table(run, name))

    finding = next(f for f in validate(run) if f.table == name)

    assert finding.rule.startswith(f"{column} is never null: {meaning}")
    assert f"{column} null" in finding.found


def test_columns_that_were_added_later_may_be_missing(run: Path) -> None:
    path = locate_table(run, "feature_visualizations")
    added = [column.name for column in TABLES["feature_visualizations"].columns if column.may_be_absent]
    assert added == ["excitation", "settings"]
    assert pq.read_table(path)["settings"].null_count == 2, "whatever writes none leaves them null"
    pq.write_table(pq.read_table(path).drop_columns(added), path)
    assert validate(run) == []


@pytest.mark.parametrize("name", list(TABLES))
def test_a_missing_column_is_named_with_its_meaning(run: Path, name: str) -> None:
    column = [column for column in TABLES[name].columns if not column.may_be_absent][-1]
    pq.write_table(pq.read_table(locate_table(run, name)).drop_columns([column.name]), locate_table(run, name))

    finding = next(f for f in validate(run) if f.table == name)

    assert f"It has the column {column.name}" in finding.rule
    assert finding.rule.endswith(column.meaning)
    assert f"{column.name} is missing; there are" in finding.found


def test_a_column_of_another_type_is_named(run: Path) -> None:
    table = pq.read_table(locate_table(run, "embeddings"))
    pq.write_table(
        table.set_column(1, "class_id", table["class_id"].cast(pa.string())), locate_table(run, "embeddings")
    )

    (finding,) = validate(run)

    assert finding.rule.startswith("It has the column class_id (int32)")
    assert finding.found == "class_id is string."


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_damaged_table(run: Path, kept: float) -> None:
    path = locate_table(run, "influences")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])

    (finding,) = validate(run)

    assert finding.rule == "It is a complete Parquet file."
    assert "influences.parquet: " in finding.found


def test_an_empty_table_is_no_crash(run: Path) -> None:
    for name in TABLES:
        write_table(run, name, {column: [] for column in ROWS[name]})

    assert {f.table for f in validate(run)} == {"classes", "layers"}
