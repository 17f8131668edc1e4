from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.export.files import choose_formats, choose_stem, name_file, place_files, write_files


@pytest.mark.parametrize(
    ("text", "out", "formats"),
    [
        (None, "bear.png", ["png"]),
        (None, "bear.GraphML", ["graphml"]),
        (None, "bear", ["svg"]),
        (None, "bear.v2", ["svg"]),
        ("svg, PNG,svg", "bear", ["svg", "png"]),
    ],
)
def test_formats_are_named_or_follow_the_ending(text: str | None, out: str, formats: list[str]) -> None:
    assert choose_formats(text, out) == formats


def test_out_is_a_file_a_stem_or_a_folder(tmp_path: Path) -> None:
    assert choose_stem(f"{tmp_path}/bear.svg", ["svg", "png"], "fox") == tmp_path / "bear"
    assert choose_stem(f"{tmp_path}/bear.v2", ["svg"], "fox") == tmp_path / "bear.v2"
    assert choose_stem(str(tmp_path), ["svg"], "fox") == tmp_path / "fox"
    assert choose_stem(f"{tmp_path}/new/", ["svg"], "fox") == tmp_path / "new" / "fox"


def test_an_ending_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(InputError, match=r"ends as png"):
        choose_stem("bear.png", ["svg"], "fox")


def test_endings_are_put_after_the_stem() -> None:
    assert place_files(Path("a/bear.v2"), ["svg", "csv"]) == {
        ".svg": Path("a/bear.v2.svg"),
        "-nodes.csv": Path("a/bear.v2-nodes.csv"),
        "-edges.csv": Path("a/bear.v2-edges.csv"),
    }


def test_names_of_files_are_those_of_the_classes() -> None:
    assert name_file(["Black bear", "crane n02012849"]) == "black-bear-vs-crane-n02012849"
    assert name_file(["../.."]) == "class"
    assert name_file(["Füchse/狐"]) == "füchse-狐"


def test_all_files_or_none_are_written(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    for unwritable in (tmp_path / "folder", tmp_path / "old" / "below"):
        with pytest.raises(InputError, match="can be written"):
            write_files({tmp_path / "new": b"1", tmp_path / "old": b"2", unwritable: b"3"})
        assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "old"]
        assert (tmp_path / "old").read_bytes() == b"old"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    write_files({tmp_path / "x" / "y" / "a.svg": b"1"})
    assert [path.name for path in (tmp_path / "x" / "y").iterdir()] == ["a.svg"]
