"""`summit-dash spritemaps`: sheets out of a run and into it again, as a person sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from precompute.commands.spritemaps import _describe_report, _print_lines
from precompute.feature_visualization.spritemaps.importing import ImportReport
from tests.support.command_line import call
from tests.support.synthetic_run import write_synthetic_run


def test_sheets_go_out_and_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_synthetic_run(tmp_path / "run")
    assert call(["spritemaps", "export", str(run), str(tmp_path / "sheets"), "--layers", "conv1"]) == 0
    assert "Wrote 1 sheet and spritemaps.json" in capsys.readouterr().err
    assert call(["spritemaps", "import", str(run), str(tmp_path / "sheets"), "--overwrite"]) == 0
    assert "conv1-channel.png as conv1: " in capsys.readouterr().err


def test_sheets_of_an_unknown_layer_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_synthetic_run(tmp_path / "run")
    assert call(["spritemaps", "export", str(run), str(tmp_path / "sheets"), "--layers", "conv9"]) == 2
    assert "conv9" in capsys.readouterr().err
    assert not (tmp_path / "sheets").exists()


def test_everything_that_was_left_out_is_a_sentence() -> None:
    report = ImportReport((), 5, 2, 1, 3, 4, 6, 7, ("notes.txt", "a.jpg", "b.jpg", "c.jpg"))
    sentences = list(_describe_report(report))
    assert sentences[0] == "Put 5 pictures into the run, 2 of them in the place of others; 1 cell left empty."
    assert sentences[1] == "Put 3 dataset examples into the run."
    assert [text.split()[2] for text in sentences[2:]] == ["4", "6", "7", "4"]
    assert sentences[-1].endswith("notes.txt, a.jpg, b.jpg, ....")
    nothing = ImportReport((), 0, 0, 0, 0, 0, 0, 0, ())
    assert list(_describe_report(nothing)) == ["Put 0 pictures into the run."]


def test_long_lists_are_cut_and_counted() -> None:
    console = Console(width=80)
    with console.capture() as captured:
        _print_lines((f"sheet {n}" for n in range(25)), console)
    lines = captured.get().splitlines()
    assert (len(lines), lines[-2], lines[-1]) == (21, "sheet 19", "... and 5 more")
