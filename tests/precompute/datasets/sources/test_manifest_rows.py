"""The rows of a manifest as they are read, before their paths are resolved."""

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.datasets.labels.classes import Label
from precompute.datasets.sources.manifest_rows import ManifestRow, read_csv_rows


def read(folder: Path, text: str) -> list[ManifestRow]:
    """Reads the rows of a .csv of this text."""
    (folder / "a.csv").write_text(text)
    return list(read_csv_rows(folder / "a.csv"))


def test_a_row_has_its_line_its_path_as_written_and_its_label(tmp_path: Path) -> None:
    rows = read(tmp_path, "path,class_name,class_id,synset,group\n a b.png , cat ,7, n1 ,\n\nc.png,dog,8,,pet\n")

    assert rows == [
        ManifestRow(" a b.png ", Label("line 2", "cat", 7, "n1", None)),
        ManifestRow("c.png", Label("line 4", "dog", 8, None, "pet")),
    ]


def test_other_columns_and_empty_cells_at_the_end_are_ignored(tmp_path: Path) -> None:
    rows = read(tmp_path, "width,path,class_name\n8,a.png,cat,,\n9,b.png,cat\n")

    assert [row.path for row in rows] == ["a.png", "b.png"]


def test_a_quotation_over_two_lines_has_the_number_of_its_last_line(tmp_path: Path) -> None:
    (row,) = read(tmp_path, 'path,class_name\na.png,"tench,\nTinca"\n')

    assert row.label == Label("line 3", "tench,\nTinca")


def test_equal_names_are_one_text_in_memory(tmp_path: Path) -> None:
    first, second = read(tmp_path, "path,class_name\na.png,golden retriever\nb.png,golden retriever\n")

    assert first.label.class_name is second.label.class_name


def test_the_first_fault_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.csv, line 3, has class_id '2\.5', which is no whole number from 0"):
        read(tmp_path, "path,class_name,class_id\na.png,cat,2\nb.png,cat,2.5\n")
