"""Rows of dataset examples from strips: order, unknown values, and groups that a reader opens."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from precompute.contract.schema import ALL_CLASSES, locate_table, read_table
from precompute.contract.writing import write_table
from precompute.feature_visualization.spritemaps.example_rows import add_examples, find_channels_with_examples

LAYERS = ("z/early", "a.late")
UNKNOWN = ("image_id", "activation", "x0", "y0", "x1", "y1")


def write_examples(run: Path, keys: list[tuple[str, int, int, int]]) -> None:
    """Writes examples of layer, channel, class_id and rank, sorted already."""
    names = ("layer", "channel", "class_id", "rank")
    columns = {name: [key[i] for key in keys] for i, name in enumerate(names)}
    numbers = {name: [1] * len(keys) for name in UNKNOWN}
    write_table(run, "dataset_examples", {**columns, **numbers, "image": [b"there"] * len(keys)})


def read_keys(run: Path) -> list[tuple[str, int, int, int, bytes]]:
    """Reads key and image of every row."""
    rows = read_table(run, "dataset_examples").to_pylist()
    return [(row["layer"], row["channel"], row["class_id"], row["rank"], row["image"]) for row in rows]


def test_only_examples_over_all_classes_count(tmp_path: Path) -> None:
    assert find_channels_with_examples(tmp_path) == set()
    write_examples(tmp_path, [("z/early", 0, ALL_CLASSES, 0), ("z/early", 0, ALL_CLASSES, 1), ("a.late", 5, 3, 0)])
    assert find_channels_with_examples(tmp_path) == {("z/early", 0)}


def test_rows_are_sorted_by_layer_channel_class_and_rank(tmp_path: Path) -> None:
    write_examples(tmp_path, [("z/early", 1, ALL_CLASSES, 0), ("z/early", 1, 3, 0), ("a.late", 4, ALL_CLASSES, 0)])
    add_examples(tmp_path, {("a.late", 2): [b"best", b"next"], ("z/early", 0): [b"other"]}, LAYERS)
    assert read_keys(tmp_path) == [
        ("z/early", 0, ALL_CLASSES, 0, b"other"),
        ("z/early", 1, ALL_CLASSES, 0, b"there"),
        ("z/early", 1, 3, 0, b"there"),
        ("a.late", 2, ALL_CLASSES, 0, b"best"),
        ("a.late", 2, ALL_CLASSES, 1, b"next"),
        ("a.late", 4, ALL_CLASSES, 0, b"there"),
    ]


def test_a_strip_knows_the_picture_alone(tmp_path: Path) -> None:
    add_examples(tmp_path, {("z/early", 3): [b"best"]}, LAYERS)
    (row,) = read_table(tmp_path, "dataset_examples").to_pylist()
    assert {name: row[name] for name in UNKNOWN} == dict.fromkeys(UNKNOWN)
    assert (row["layer"], row["channel"], row["rank"], row["image"]) == ("z/early", 3, 0, b"best")


@pytest.mark.parametrize("examples", [{}, {("z/early", 0): []}], ids=["no channels", "no pictures"])
def test_nothing_to_add_leaves_the_file_as_it_is(tmp_path: Path, examples: dict[tuple[str, int], list[bytes]]) -> None:
    add_examples(tmp_path, examples, LAYERS)
    assert not locate_table(tmp_path, "dataset_examples").exists()
    write_examples(tmp_path, [("a.late", 0, ALL_CLASSES, 0)])
    before = locate_table(tmp_path, "dataset_examples").stat().st_mtime_ns
    add_examples(tmp_path, examples, LAYERS)
    assert locate_table(tmp_path, "dataset_examples").stat().st_mtime_ns == before


def test_a_row_group_has_whole_channels_of_one_layer(tmp_path: Path) -> None:
    """150 channels of 10 rows are groups of 1000 and 500 rows; the next layer begins another one."""
    examples = {("z/early", channel): [b"x"] * 10 for channel in range(150)}
    add_examples(tmp_path, examples | {("a.late", 0): [b"x"] * 3}, LAYERS)
    with pq.ParquetFile(locate_table(tmp_path, "dataset_examples")) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        firsts = [file.read_row_group(i, ["layer", "channel"]).slice(0, 1).to_pylist()[0] for i in range(len(sizes))]
    assert sizes == [1000, 500, 3]
    assert [(row["layer"], row["channel"]) for row in firsts] == [("z/early", 0), ("z/early", 100), ("a.late", 0)]


def test_a_channel_of_more_rows_than_a_group_is_not_divided(tmp_path: Path) -> None:
    add_examples(tmp_path, {("z/early", 0): [b"x"] * 1500, ("z/early", 1): [b"x"] * 2}, LAYERS)
    with pq.ParquetFile(locate_table(tmp_path, "dataset_examples")) as file:
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
    assert sizes == [1500, 2]
