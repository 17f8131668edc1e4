"""The definitions of the tables: what every reader, writer and check relies on."""

from __future__ import annotations

import pyarrow as pa
import pytest

from precompute.contract.tables import HISTOGRAM_BINS, TABLES, Column, Table, is_optional

EACH_TABLE = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


@EACH_TABLE
def test_a_key_comes_first_and_is_never_null(table: Table) -> None:
    names = [column.name for column in table.columns]

    assert tuple(names[: len(table.key)]) == table.key
    unsure = {column.name for column in table.columns if column.may_be_unknown or is_optional(column)}
    assert not unsure & set(table.key)
    assert len(set(names)) == len(names)


@EACH_TABLE
def test_row_groups_follow_a_column_that_sorts_the_table(table: Table) -> None:
    assert table.row_group_by is None or table.row_group_by in table.key


@EACH_TABLE
def test_meanings_are_sentences(table: Table) -> None:
    for meaning in (table.meaning, *(column.meaning for column in table.columns)):
        assert meaning[0].isupper() and meaning.endswith("."), meaning


def test_a_schema_lets_null_in_only_where_some_run_may_have_it() -> None:
    schema = TABLES["feature_visualizations"].schema

    assert [field.name for field in schema if field.nullable] == [
        "objective_value",
        "n_steps",
        "initial_objective_value",
        "excitation",
        "settings",
    ]


@pytest.mark.parametrize(
    ("column", "optional"),
    [
        (Column("a", pa.int32(), "A."), False),
        (Column("a", pa.int32(), "A.", nullable=True), True),
        (Column("a", pa.int32(), "A.", may_be_unknown=True), True),
        (Column("a", pa.int32(), "A.", may_be_absent=True), True),
    ],
    ids=["required", "nullable", "unknown", "absent"],
)
def test_each_reason_for_a_null_makes_a_column_optional(column: Column, optional: bool) -> None:
    assert is_optional(column) == optional


def test_a_histogram_has_a_bin_per_twentieth() -> None:
    (histogram,) = (column for column in TABLES["classes"].columns if column.name == "probability_histogram")

    assert histogram.type.list_size == HISTOGRAM_BINS == 20, "the meaning speaks of twentieths"
