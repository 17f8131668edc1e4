"""A run's manifest and the reading of its tables, with a message for each way in which a folder is no run."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.compute as pc
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import MANIFEST, SCHEMA_VERSION, locate_table, read_manifest, read_table, write_manifest
from precompute.contract.writing import write_table

POINTS = {"layer": ["stem", "stem", "head"], "class_id": [1, 2, 1], "x": [0.0, 1.0, 2.0], "y": [0.0, 0.5, 1.0]}


def test_a_manifest_has_the_current_version_whatever_it_held(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"created": "now", "schema_version": 99, "model": {"name": "größer"}})

    assert read_manifest(tmp_path) == {
        "schema_version": SCHEMA_VERSION,
        "created": "now",
        "model": {"name": "größer"},
    }
    assert "größer" in (tmp_path / MANIFEST).read_text(encoding="utf-8"), "people read it too"


def test_an_interrupted_write_leaves_the_manifest_before(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"created": "before"})

    with pytest.raises(TypeError):
        write_manifest(tmp_path, {"created": object()})

    assert read_manifest(tmp_path)["created"] == "before"
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


def test_a_folder_without_a_manifest_and_a_missing_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has none"):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        read_manifest(tmp_path / "missing")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"schema_version": "one"}', '{"schema_version": null}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)

    with pytest.raises(InputError, match=r"JSON with a schema_version.*manifest\.json"):
        read_manifest(tmp_path)


def test_a_newer_run_asks_for_an_upgrade_and_an_older_one_is_read(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps({"schema_version": SCHEMA_VERSION + 1}))
    with pytest.raises(InputError, match="pip install --upgrade summit-dash"):
        read_manifest(tmp_path)

    (tmp_path / MANIFEST).write_text(json.dumps({"schema_version": SCHEMA_VERSION - 1}))
    assert read_manifest(tmp_path)["schema_version"] == SCHEMA_VERSION - 1


def test_a_table_is_read_by_columns_and_rows(tmp_path: Path) -> None:
    write_table(tmp_path, "embeddings", POINTS)

    table = read_table(tmp_path, "embeddings", ["x", "class_id"], pc.field("layer") == "stem")

    assert table.column_names == ["x", "class_id"]
    assert table.to_pylist() == [{"x": 0.0, "class_id": 1}, {"x": 1.0, "class_id": 2}]


def test_a_missing_table_names_the_command_that_goes_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no embeddings\.parquet.*summit-dash precompute"):
        read_table(tmp_path, "embeddings")


def test_a_truncated_table_is_named(tmp_path: Path) -> None:
    write_table(tmp_path, "embeddings", POINTS)
    path = locate_table(tmp_path, "embeddings")
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(InputError, match=r"complete Parquet file.*embeddings\.parquet"):
        read_table(tmp_path, "embeddings")


def test_a_table_that_the_contract_lacks_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        locate_table(tmp_path, "embedding")
