"""`summit-dash export RUN OUT --graph CLASS` as a person meets it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.support.command_line import call

ALL = "svg,png,graphml,json,csv"
ENDINGS = {".svg", ".png", ".graphml", ".json", "-nodes.csv", "-edges.csv"}


def export(run: Path, out: Path | str, *more: str) -> int:
    return call(["export", str(run), str(out), *more])


@pytest.mark.parametrize("more", [(), ("--vs", "1")], ids=["one", "two"])
def test_all_formats_at_once(
    run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    assert export(run_path, tmp_path / "made" / "fox", "--graph", "Red Fox", "--format", ALL, *more) == 0
    made = {path.name for path in (tmp_path / "made").iterdir()}
    assert made == {f"fox{ending}" for ending in ENDINGS}
    assert set(capsys.readouterr().out.split()) == {str(tmp_path / "made" / name) for name in made}


def test_a_folder_gets_files_named_after_the_classes(run_path: Path, tmp_path: Path) -> None:
    assert export(run_path, tmp_path, "--graph", "red fox", "--vs", "coyote") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["red-fox-vs-coyote.svg"]


def test_scale_and_size_are_those_of_the_png(run_path: Path, tmp_path: Path) -> None:
    for scale in ("1", "2"):
        out = tmp_path / f"{scale}.png"
        assert export(run_path, out, "--graph", "0", "--scale", scale, "--size", "900x700") == 0
    with Image.open(tmp_path / "1.png") as once, Image.open(tmp_path / "2.png") as twice:
        assert once.width >= 900
        assert twice.size == (2 * once.width, 2 * once.height)


def test_existing_files_are_kept_unless_told(
    run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fox.json").write_text("mine")
    arguments = (run_path, tmp_path / "fox", "--graph", "0", "--format", "svg,json")
    assert export(*arguments) == 2
    assert "fox.json is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["fox.json"]
    assert export(*arguments, "--overwrite") == 0
    assert (tmp_path / "fox.json").read_text().startswith("{")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--graph", "crane"], "2 classes are named crane: crane (#4"),
        (["--graph", "red fix"], "Near it: red fox (#0"),
        (["--graph", "0", "--vs", "zebra"], "No class is named 'zebra'"),
        (["--graph", "0", "--vs", "red fox"], "two classes"),
        (["--graph", "0", "--vs", "1", "--covers", "50"], "all channels of both"),
        (["--graph", "0", "--format", "svg,gif"], "Found 'gif'"),
        (["--graph", "0", "--format", ","], "None was named"),
        (["--graph", "0", "--theme", "pink"], "light, dark"),
        (["--graph", "0", "--size", "big"], "WIDTHxHEIGHT"),
        (["--graph", "0", "--size", "5x5"], "from 200 to 10,000"),
        (["--graph", "0", "--format", "png", "--size", "9999x9999"], "100,000,000 pixels"),
        (["--graph", "0", "--covers", "0"], "--covers"),
        (["--graph", "0", "--classes", "1"], "--classes"),
    ],
)
def test_bad_input_ends_with_one_message_and_no_file(
    run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert export(run_path, tmp_path / "out", *more) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_written_is_told(
    run_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert export(run_path, tmp_path / "file" / "fox.svg", "--graph", "0") == 2
    assert "files can be written" in capsys.readouterr().err
