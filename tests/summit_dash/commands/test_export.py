"""The options of `summit-dash export` that go together; the files of a graph are in `export/test_command.py`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command_line import call
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture(scope="module")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SyntheticRun(n_classes=4, layers=(("a", 4), ("b", 4)), picture_size=8)
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "small", options)


def test_a_site_is_reported_in_one_line_of_standard_output(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site"
    assert call(["export", str(small_run), str(out)]) == 0
    n_files = sum(path.is_file() for path in out.rglob("*"))
    said = capsys.readouterr().out
    assert re.fullmatch(rf"{re.escape(str(out))}: {n_files:,} files, \d+\.\d MB\. Open .*index\.html\.\n", said)


def test_the_class_of_a_number_is_named_apart_from_the_results(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "wolf.json"
    assert call(["export", str(small_run), str(out), "--graph", "1"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}\n"
    assert "1 is taken for class_id 1, grey wolf, timber wolf, Canis lupus." in said.err


def test_summits_files_are_reported_in_one_line_of_standard_output(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "files"
    assert call(["export", str(small_run), str(out), "--as", "summit"]) == 0
    assert re.fullmatch(rf"{re.escape(str(out))}: 4 classes, \d+ pictures, \d+\.\d MB\.\n", capsys.readouterr().out)
    assert (out / "data/ag/ag-3.json").is_file()
    assert call(["export", str(small_run), str(out), "--as", "summit"]) == 2
    assert "Say --overwrite to replace it." in capsys.readouterr().err
    assert call(["export", str(small_run), str(out), "--as", "summit", "--overwrite", "--classes", "#1"]) == 0
    assert capsys.readouterr().out.startswith(f"{out}: 1 class, ")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--vs", "3"], "--vs belongs to the files of one graph."),
        (["--format", "svg"], "--format belongs to the files of one graph."),
        (["--classes", "none"], "No class is named 'none'"),
        (["--graph", "1", "--classes", "2"], "--classes belongs to a whole run."),
        (["--graph", "1", "--as", "summit"], "--as belongs to a whole run."),
        (["--as", "summit", "--vs", "3"], "--vs belongs to the files of one graph."),
        (["--as", "csv"], "--as is site or summit."),
        (["--graph", "1", "--covers", "101"], "--covers"),
        (["--graph", "1", "--scale", "11"], "--scale"),
    ],
    ids=[
        *("vs", "format", "unknown class", "classes of a graph", "kind of a graph", "vs of a kind", "unknown kind"),
        "covers",
        "scale",
    ],
)
def test_options_that_do_not_go_together_write_nothing(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert call(["export", str(small_run), str(tmp_path / "site"), *flags]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_help_lists_every_format(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert call(["export", "--help"]) == 0
    assert "svg,png,graphml,json,csv" in capsys.readouterr().out
