"""A table and the files beside it: order, damage, and what a removal leaves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.contract.schema import TABLES, locate_table, read_table
from precompute.contract.writing import write_table
from precompute.feature_visualization.storage.part_store import PartStore, select_used_settings

PART = pa.schema([(column.name, column.type) for column in TABLES["prototypes"].columns])


def build_row(class_id: int, settings: str = "some", **changes: Any) -> dict[str, Any]:
    """Builds a row of the table `prototypes`."""
    numbers = {"log_probability": -0.5, "initial_log_probability": -2.0, "n_steps": 3}
    return {
        "class_id": class_id,
        "method": "code-space",
        "image": b"picture",
        **numbers,
        "settings": settings,
    } | changes


@pytest.fixture
def store(tmp_path: Path) -> PartStore:
    return PartStore(tmp_path, "prototypes", "prototypes", PART)


def test_a_batch_comes_back_as_it_was_stored(store: PartStore, tmp_path: Path) -> None:
    rows = [build_row(0), build_row(1, image=None)]
    store.keep("first", rows)
    paths, found = store.read_parts()
    assert found == rows
    assert paths == [tmp_path / "parts" / "prototypes" / "first.parquet"]


def test_files_are_read_in_the_order_in_which_they_were_written(store: PartStore) -> None:
    """The later of two pictures of a class must win, whatever their files are called."""
    store.keep("b", [build_row(0, "older")])
    store.keep("a", [build_row(0, "newer")])
    for path, nanoseconds in zip(sorted(store.read_parts().paths), (2_000, 1_000), strict=True):
        os.utime(path, ns=(nanoseconds, nanoseconds))
    assert [row["settings"] for row in store.read_parts().rows] == ["older", "newer"]


def test_damaged_files_and_those_of_other_columns_have_no_rows(store: PartStore, tmp_path: Path) -> None:
    store.keep("good", [build_row(0)])
    folder = tmp_path / "parts" / "prototypes"
    (folder / "cut.parquet").write_bytes((folder / "good.parquet").read_bytes()[:100])
    (folder / "empty.parquet").write_bytes(b"")
    pq.write_table(pa.table({"class_id": [3]}), folder / "other.parquet")
    paths, rows = store.read_parts()
    assert [row["class_id"] for row in rows] == [0]
    assert {path.name for path in paths} == {"good.parquet", "cut.parquet", "empty.parquet", "other.parquet"}


def test_without_table_and_files_there_are_no_rows(store: PartStore) -> None:
    assert store.read_rows() == [] and store.read_parts() == ([], [])


def test_a_table_of_an_earlier_version_has_none_in_the_columns_that_it_lacks(tmp_path: Path) -> None:
    names = [column.name for column in TABLES["feature_visualizations"].columns]
    values = {"layer": ["a"], "channel": [0], "kind": ["channel"], "image": [b"x"], "objective_value": [1.0]}
    more = {"n_steps": [2], "initial_objective_value": [0.0], "excitation": [None], "settings": [None]}
    write_table(tmp_path, "feature_visualizations", values | more)
    path = locate_table(tmp_path, "feature_visualizations")
    pq.write_table(pq.read_table(path).drop_columns(["excitation", "settings"]), path)
    part = pa.schema([(name, pa.string()) for name in names])
    (row,) = PartStore(tmp_path, "visualize", "feature_visualizations", part).read_rows()
    assert list(row) == names and row["settings"] is None and row["n_steps"] == 2


def test_the_table_is_written_before_the_facts_and_the_files_go_last(store: PartStore, tmp_path: Path) -> None:
    """A kill between two of the three steps must leave enough to merge again."""
    store.keep("first", [build_row(4)])
    paths = store.read_parts().paths
    seen: list[tuple[bool, bool]] = []

    def note() -> None:
        seen.append((locate_table(tmp_path, "prototypes").is_file(), paths[0].is_file()))

    store.replace([build_row(4)], note, paths)
    assert seen == [(True, True)]
    assert read_table(tmp_path, "prototypes")["class_id"].to_pylist() == [4]
    assert not (tmp_path / "parts" / "prototypes").exists()


def test_a_batch_that_was_stored_meanwhile_stays(store: PartStore, tmp_path: Path) -> None:
    store.keep("first", [build_row(0)])
    paths, rows = store.read_parts()
    store.keep("second", [build_row(1)])
    store.replace(rows, lambda: None, paths)
    assert [row["class_id"] for row in store.read_parts().rows] == [1]


def test_settings_without_a_picture_are_dropped() -> None:
    known = {"a": {"seed": 0}, "b": {"seed": 1}, "c": {"seed": 2}}
    assert select_used_settings(known, {"c", "a", "unknown"}) == {"a": {"seed": 0}, "c": {"seed": 2}}
