from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from precompute.contract.errors import InputError
from precompute.contract.transfer_tables import (
    TRANSFER_TABLES,
    is_transfer,
    open_transfer_table,
    read_transfer_manifest,
    read_transfer_table,
    write_transfer_manifest,
    write_transfer_table,
)

CLASSES = [{"class_id": 2, "class_name": "bee", "n_images": 3}, {"class_id": 0, "class_name": "ant", "n_images": 4}]


def test_rows_are_sorted_by_the_key(tmp_path: Path) -> None:
    write_transfer_table(tmp_path, "classes", CLASSES)
    assert read_transfer_table(tmp_path, "classes")["class_name"].to_pylist() == ["ant", "bee"]
    assert read_transfer_table(tmp_path, "classes", ["n_images"]).column_names == ["n_images"]


def test_every_piece_is_a_row_group_of_the_stated_types(tmp_path: Path) -> None:
    with open_transfer_table(tmp_path, "classes") as write:
        write({"class_id": [0], "class_name": ["ant"], "n_images": [4]})
        write({"class_id": [2], "class_name": ["bee"], "n_images": [3]})
    assert pq.ParquetFile(tmp_path / "classes.parquet").num_row_groups == 2
    assert read_transfer_table(tmp_path, "classes").schema.equals(TRANSFER_TABLES["classes"].schema)


def test_the_manifest_comes_back(tmp_path: Path) -> None:
    assert not is_transfer(tmp_path)
    write_transfer_manifest(tmp_path, {"models": {"é": 1}})
    assert is_transfer(tmp_path)
    assert read_transfer_manifest(tmp_path)["models"] == {"é": 1}


@pytest.mark.parametrize(
    ("text", "found"), [(None, "has none"), ("{", "cannot be read"), ('{"schema_version": 99}', "later version 99")]
)
def test_a_folder_that_is_no_result_is_refused(tmp_path: Path, text: str | None, found: str) -> None:
    if text is not None:
        (tmp_path / "transfer.json").write_text(text)
    with pytest.raises(InputError, match=found):
        read_transfer_manifest(tmp_path)


def test_a_missing_or_damaged_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_transfer_table(tmp_path, "cuts")
    (tmp_path / "cuts.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"cuts\.parquet"):
        read_transfer_table(tmp_path, "cuts")
