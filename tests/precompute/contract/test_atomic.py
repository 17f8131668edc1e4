"""Atomic writes: a reader sees the file before or the file after, and an error leaves no trace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from precompute.contract.atomic import name_temporary, replace_file, replace_files


def list_names(folder: Path) -> list[str]:
    """Returns the names of all files in a folder, hidden ones included."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("before")

    with replace_file(path) as temporary:
        temporary.write_text("after")
        assert path.read_text() == "before"

    assert path.read_text() == "after" and list_names(tmp_path) == ["table"]


def test_an_error_leaves_the_file_before(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("before")

    with pytest.raises(ZeroDivisionError), replace_file(path) as temporary:
        temporary.write_text("half of it")
        raise ZeroDivisionError

    assert path.read_text() == "before" and list_names(tmp_path) == ["table"]


def test_an_error_before_anything_is_written_is_the_one_that_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), replace_file(tmp_path / "table"):
        raise ZeroDivisionError

    assert list_names(tmp_path) == []


def test_a_temporary_file_is_hidden_beside_its_file_and_of_this_process(tmp_path: Path) -> None:
    assert name_temporary(tmp_path / "a.parquet") == tmp_path / f".a.parquet.{os.getpid()}.tmp"


def test_several_files_appear_together_in_the_order_of_their_names(tmp_path: Path) -> None:
    with replace_files() as name_file:
        first, second = name_file(tmp_path / "first"), name_file(tmp_path / "second")
        first.write_text("1")
        second.write_text("2")
        assert name_file(tmp_path / "first") == first, "a file has one temporary file"
        assert not (tmp_path / "first").exists()

    assert list_names(tmp_path) == ["first", "second"]


def test_an_error_removes_all_files_of_the_block(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), replace_files() as name_file:
        name_file(tmp_path / "first").write_text("1")
        name_file(tmp_path / "second")
        raise ZeroDivisionError

    assert list_names(tmp_path) == []
