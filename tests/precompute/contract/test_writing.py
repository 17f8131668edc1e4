"""Writing tables: whole or not at all, with the contract's types, and in row groups that hold whole classes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.schema import locate_table, read_table
from precompute.contract.tables import TABLES
from precompute.contract.writing import TableWriter, find_row_groups, gather_rows, write_table

Columns = dict[str, list[object]]


def build_points(*class_ids: int, layer: str = "stem") -> Columns:
    """Builds rows of `embeddings` for some classes of one layer."""
    n_rows = len(class_ids)
    return {"layer": [layer] * n_rows, "class_id": [*class_ids], "x": [0.5] * n_rows, "y": [1.5] * n_rows}


def build_activations(class_id: int, n_channels: int) -> pa.Table:
    """Builds the rows of `activations` of one class and one layer."""
    schema = TABLES["activations"].schema
    layer = pa.array(["stem"] * n_channels).dictionary_encode().cast(schema.field("layer").type)
    columns = [[class_id] * n_channels, layer, range(n_channels), [1] * n_channels, [0.5] * n_channels]
    arrays = [c if isinstance(c, pa.Array) else pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def list_group_sizes(run: Path, name: str) -> list[int]:
    """Returns the number of rows of each row group of a table."""
    metadata = pq.read_metadata(locate_table(run, name))
    return [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]


def test_values_by_column_get_the_types_of_the_contract(tmp_path: Path) -> None:
    write_table(tmp_path, "embeddings", build_points(1, 2))

    assert pq.read_schema(locate_table(tmp_path, "embeddings")).equals(TABLES["embeddings"].schema)
    assert read_table(tmp_path, "embeddings")["layer"].to_pylist() == ["stem", "stem"]


def test_columns_that_were_added_later_may_be_left_out_and_others_may_not(tmp_path: Path) -> None:
    prototype: Columns = {"layer": ["stem"], "channel": [0], "kind": ["channel"], "image": [b""]}
    numbers: Columns = {"objective_value": [1.0], "n_steps": [2], "initial_objective_value": [0.0]}

    write_table(tmp_path, "feature_visualizations", prototype | numbers)

    (row,) = read_table(tmp_path, "feature_visualizations").to_pylist()
    assert row["excitation"] is row["settings"] is None
    with pytest.raises(KeyError, match="n_steps"):
        write_table(tmp_path, "feature_visualizations", prototype | {"objective_value": [1.0]})


def test_a_table_appears_when_all_of_it_is_written(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "embeddings") as writer:
        writer.write(build_points(1))
        assert not locate_table(tmp_path, "embeddings").exists()
        writer.write(build_points(2, 3))

    assert list_group_sizes(tmp_path, "embeddings") == [1, 2]


def test_an_error_leaves_the_table_before_and_no_other_file(tmp_path: Path) -> None:
    write_table(tmp_path, "embeddings", build_points(1))

    with pytest.raises(ZeroDivisionError), TableWriter(tmp_path, "embeddings") as writer:
        writer.write(build_points(2))
        raise ZeroDivisionError

    assert read_table(tmp_path, "embeddings")["class_id"].to_pylist() == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["embeddings.parquet"]


def test_a_piece_without_rows_starts_no_row_group(tmp_path: Path) -> None:
    with TableWriter(tmp_path, "embeddings") as writer:
        writer.write(build_points())
        writer.write(build_points(4))

    assert list_group_sizes(tmp_path, "embeddings") == [1]


def test_a_whole_table_is_divided_between_classes(tmp_path: Path) -> None:
    """Classes of 3000 rows: two make a row group of 4096 rows or more, the fifth is left alone."""
    write_table(tmp_path, "activations", pa.concat_tables([build_activations(n, 3000) for n in range(5)]))

    assert list_group_sizes(tmp_path, "activations") == [6000, 6000, 3000]


def test_a_table_without_row_groups_by_class_is_one_piece(tmp_path: Path) -> None:
    write_table(tmp_path, "embeddings", build_points(*range(5000)))

    assert list_group_sizes(tmp_path, "embeddings") == [5000]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from("abc")).map(sorted), st.integers(1, 6))
def test_row_groups_hold_equal_values_whole(values: Sequence[str], n_rows: int) -> None:
    ranges = list(find_row_groups(pa.array(values, pa.string()), n_rows))

    pieces = [values[start:stop] for start, stop in ranges]
    assert [value for piece in pieces for value in piece] == values
    assert all(len(piece) >= n_rows for piece in pieces[:-1])
    assert sum(len(set(piece)) for piece in pieces) == len(list(groupby(values))), "no value is in two of them"
    assert all(len(piece) - piece.count(piece[-1]) < n_rows for piece in pieces), "none is longer than it must be"


def test_row_groups_of_encoded_names_go_by_name() -> None:
    names = pa.array(["stem", "stem", "head"]).dictionary_encode()

    assert list(find_row_groups(names, 1)) == [(0, 2), (2, 3)]


def test_small_pieces_are_gathered_and_kept_whole(tmp_path: Path) -> None:
    with gather_rows(tmp_path, "activations", 5) as append:
        for class_id, n_channels in enumerate((2, 2, 3, 6, 1)):
            append(build_activations(class_id, n_channels))

    assert list_group_sizes(tmp_path, "activations") == [7, 6, 1]
    assert read_table(tmp_path, "activations")["class_id"].to_pylist() == [0, 0, 1, 1, 2, 2, 2, *[3] * 6, 4]


def test_pieces_that_number_their_layers_differently_are_one_row_group(tmp_path: Path) -> None:
    """The dictionaries differ: stem is 0 in the first piece and 1 in the second."""
    schema = TABLES["embeddings"].schema
    with gather_rows(tmp_path, "embeddings", 100) as append:
        for layers in (["stem", "head"], ["head", "stem"]):
            layer = pa.array(layers).dictionary_encode().cast(schema.field("layer").type)
            append(pa.table([layer, *(pa.array([1, 2], field.type) for field in list(schema)[1:])], schema=schema))

    assert list_group_sizes(tmp_path, "embeddings") == [4]
    assert read_table(tmp_path, "embeddings")["layer"].to_pylist() == ["stem", "head", "head", "stem"]


def test_gathered_rows_are_not_written_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), gather_rows(tmp_path, "activations") as append:
        append(build_activations(0, 2))
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []
