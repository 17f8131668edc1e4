"""The commands and the program of the README run, on small data of the names that the README uses."""

from __future__ import annotations

import re
import shlex
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from summit_dash.cli import main
from tests.docs.test_docs import ROOT, list_blocks, list_lines, read_document
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


def test_the_program_reads_a_run(folder: Path, synthetic_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "runs").mkdir()
    (folder / "runs" / "mine").symlink_to(synthetic_run)
    (program,) = list_blocks("README.md", "python")
    names: dict[str, Any] = {}
    program = program.replace("black bear", "white wolf").replace("brown bear", "grey wolf")
    exec(compile(program, "README.md", "exec"), names)
    names["dashboard"].stop()
    printed = capsys.readouterr().out
    assert "red fox, Vulpes vulpes" in printed and "jaccard" in printed
    assert len(names["graph"]) == len(names["nodes"]) > 0
    assert names["best"].info["rank"] == 0


def test_every_dependency_is_explained() -> None:
    """The README says what each package does that `pip install .` brings."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    required = re.findall(r"^([\w-]+)", config["options"]["install_requires"], re.MULTILINE)
    section = read_document("README.md").partition("\n## Dependencies\n")[2]
    explained = re.findall(r"[\w-]+", " ".join(re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE)))
    assert sorted(required) == sorted(set(explained) - {"installed", "---"})
