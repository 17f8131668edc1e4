"""The commands and the program of the README run, on small data of the names that the README uses."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from summit_dash.cli import main
from tests.docs.test_docs import list_blocks, list_lines
from tests.support.small import CLASSES, write_small
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

FASTER = ("--visualizations", "2", "--visualization-steps", "2")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(line: str, *more: str) -> int:
    """Runs a command line in this process and returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([*shlex.split(line)[1:], *more])
    return int(ended.value.code or 0)


def find_line(beginning: str) -> str:
    """Returns the README's command line of this beginning."""
    return next(line for line in list_lines("README.md") if line.startswith(beginning))


def test_the_command_for_an_own_model_makes_a_run(folder: Path) -> None:
    """The TOML block of the README is the input file."""
    write_small(folder)
    (folder / "images").rename(folder / "photos")
    (folder / "weights.safetensors").rename(folder / "best.safetensors")
    (folder / "input.toml").write_text(list_blocks("README.md", "toml")[0].replace("256", "24").replace("224", "24"))
    assert call(find_line("summit-dash precompute"), *FASTER) == 0
    assert call(find_line("summit-dash validate")) == 0
    assert {path.name for path in (folder / "photos").iterdir()} == set(CLASSES)


def test_the_commands_for_a_run_write_what_they_say(folder: Path) -> None:
    write_synthetic_run(folder / "runs" / "mine", SyntheticRun(n_classes=4, n_images=20))
    assert call(find_line("summit-dash export runs/mine site/")) == 0
    assert (folder / "site" / "index.html").is_file()
    line = find_line("summit-dash export runs/mine bear.svg").replace("black bear", "red fox")
    assert call(line) == 0
    assert "<svg" in (folder / "bear.svg").read_text()


@pytest.mark.parametrize("number", range(len(list_blocks("README.md", "python"))))
def test_the_program_reads_a_run(
    folder: Path, synthetic_run: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    (folder / "runs").mkdir()
    (folder / "runs" / "mine").symlink_to(synthetic_run)
    exec(compile(list_blocks("README.md", "python")[number], "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "SyntheticNet"
    assert len(printed) == 6 and printed[1].startswith("red fox, Vulpes vulpes conv1 ")
