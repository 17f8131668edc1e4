from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from precompute.contract.tables import TABLES
from summit_dash.run.row_groups import RowGroups

COLUMNS = ["target_channel", "influence_count"]
LAYERS = ["conv2", "conv3"]


def write_influences(folder: Path, rows: int, group: int, **options: bool) -> None:
    """Writes a drawn table whose row groups begin and end within classes."""
    draw = random.Random(rows)
    schema = TABLES["influences"].schema
    classes = sorted(draw.randrange(6) for _ in range(rows))
    values = {
        "class_id": classes,
        "target_layer": [draw.choice(LAYERS) for _ in range(rows)],
        "source_layer": ["conv1"] * rows,
    }
    columns = [
        pa.array(values.get(field.name, [draw.randrange(4) for _ in range(rows)])).cast(field.type) for field in schema
    ]
    pq.write_table(
        pa.table(columns, schema=schema), locate_table(folder, "influences"), row_group_size=group, **options
    )


@pytest.mark.parametrize(("rows", "group"), [(60, 7), (60, 1), (60, 100), (0, 10)])
def test_rows_are_those_of_a_filter(tmp_path: Path, rows: int, group: int) -> None:
    write_influences(tmp_path, rows, group)
    reader = RowGroups(tmp_path, "influences", ["class_id", "target_layer", "target_channel"])
    for class_id in range(-1, 8):
        mine = pc.field("class_id") == class_id
        assert reader.read(COLUMNS, class_id=class_id) == read_table(tmp_path, "influences", COLUMNS, mine)
        for layer in (*LAYERS, "none"):
            here = mine & (pc.field("target_layer") == layer) & (pc.field("target_channel") == 2)
            found = reader.read(COLUMNS, class_id=class_id, target_layer=layer, target_channel=2)
            assert found == read_table(tmp_path, "influences", COLUMNS, here)


def test_row_groups_that_say_nothing_of_their_values_are_read(tmp_path: Path) -> None:
    write_influences(tmp_path, 40, 7, write_statistics=False)
    mine = pc.field("class_id") == 3
    found = RowGroups(tmp_path, "influences", ["class_id"]).read(COLUMNS, class_id=3)
    assert found.num_rows and found == read_table(tmp_path, "influences", COLUMNS, mine)


def test_a_file_that_was_replaced_is_read_again(tmp_path: Path) -> None:
    write_influences(tmp_path, 60, 7)
    reader = RowGroups(tmp_path, "influences", ["class_id"])
    reader.read(COLUMNS, class_id=1)
    locate_table(tmp_path, "influences").unlink()
    with pytest.raises(InputError, match="written by a stage"):
        reader.read(COLUMNS, class_id=1)
    write_influences(tmp_path, 50, 11)
    assert reader.read(COLUMNS, class_id=1) == read_table(tmp_path, "influences", COLUMNS, pc.field("class_id") == 1)


def test_a_damaged_file_is_one_message(tmp_path: Path) -> None:
    locate_table(tmp_path, "influences").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(InputError, match="complete Parquet file"):
        RowGroups(tmp_path, "influences", ["class_id"]).read(COLUMNS, class_id=1)
