"""Reading class by class: whole classes however row groups divide them, and a message for a table that is unsorted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.class_reader import ClassReader
from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table
from precompute.contract.writing import TableWriter


def write_groups(run: Path, groups: Sequence[Sequence[int]]) -> None:
    """Writes `activations` with the given classes in each row group; the channel is the row's number in its class."""
    seen = list[int]()
    with TableWriter(run, "activations") as writer:
        for class_ids in groups:
            channels = []
            for class_id in class_ids:
                channels.append(seen.count(class_id))
                seen.append(class_id)
            n_rows = len(class_ids)
            numbers = {"activation_count": [1] * n_rows, "mean_activation": [0.5] * n_rows}
            writer.write({"class_id": class_ids, "layer": ["stem"] * n_rows, "channel": channels, **numbers})


def open_reader(run: Path) -> ClassReader:
    """Opens a reader of the channels."""
    return ClassReader(run, "activations", ("channel", "layer"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=4), st.sets(st.integers(0, 6)))
def test_a_class_is_whole_wherever_row_groups_end(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[list[int]], asked: set[int]
) -> None:
    flat = sorted(class_id for group in drawn for class_id in group)
    ends = [sum(map(len, drawn[: n + 1])) for n in range(len(drawn))]
    run = tmp_path_factory.mktemp("run")
    write_groups(run, [flat[start:stop] for start, stop in zip([0, *ends], ends, strict=False)])

    with open_reader(run) as reader:
        found = {class_id: reader.read(class_id)["channel"].to_pylist() for class_id in sorted(asked)}

    assert found == {class_id: list(range(flat.count(class_id))) for class_id in asked}


def test_rows_have_the_columns_that_were_asked_for_also_when_there_are_none(tmp_path: Path) -> None:
    write_groups(tmp_path, [[2, 2]])

    with open_reader(tmp_path) as reader:
        before, found, after = (reader.read(class_id) for class_id in (1, 2, 3))

    assert found.to_pylist() == [{"channel": 0, "layer": "stem"}, {"channel": 1, "layer": "stem"}]
    for nothing in (before, after):
        assert nothing.num_rows == 0 and nothing.column_names == ["channel", "layer"]


def test_a_class_may_be_read_twice(tmp_path: Path) -> None:
    write_groups(tmp_path, [[1], [2]])

    with open_reader(tmp_path) as reader:
        assert reader.read(1).equals(reader.read(1))


@pytest.mark.parametrize("groups", [[[2], [1]], [[2, 1]]], ids=["between row groups", "in a row group"])
def test_a_table_out_of_order_is_refused(tmp_path: Path, groups: list[list[int]]) -> None:
    write_groups(tmp_path, groups)

    with pytest.raises(InputError, match="class 1 follows class 2"), open_reader(tmp_path) as reader:
        reader.read(3)


def test_a_missing_table_names_its_stage_and_a_damaged_one_its_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="activations is written by a stage"):
        open_reader(tmp_path)

    locate_table(tmp_path, "activations").write_bytes(b"PAR1 but nothing else")
    with pytest.raises(InputError, match=r"sorted by class_id.*activations\.parquet"):
        open_reader(tmp_path)
