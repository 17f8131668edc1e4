"""The list of marks names tests that exist and marks that are declared."""

from __future__ import annotations

import ast
import configparser
from pathlib import Path

import pytest

from tests.support.marks import MarkEntry, read_marks

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("entry", read_marks(), ids=lambda entry: f"{entry.mark}-{entry.path}-{entry.function}")
def test_every_entry_names_a_test(entry: MarkEntry) -> None:
    path = ROOT / entry.path
    assert path.is_file(), f"tests/marks.txt names {entry.path}, which is not there"
    functions = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    assert entry.function is None or entry.function in functions, f"{entry.path} has no {entry.function}"


def test_every_mark_is_declared() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    declared = {line.partition(":")[0] for line in settings["tool:pytest"]["markers"].split("\n")}
    assert {entry.mark for entry in read_marks()} <= declared


def test_an_entry_is_for_a_file_or_for_a_function_with_all_its_parameters() -> None:
    whole, one = MarkEntry("slow", "tests/test_a.py", None), MarkEntry("slow", "tests/test_a.py", "test_b")
    assert whole.is_for("tests/test_a.py::test_b[1]") and whole.is_for("tests/test_a.py::test_c")
    assert one.is_for("tests/test_a.py::test_b[x-y]") and one.is_for("tests/test_a.py::test_b")
    assert not one.is_for("tests/test_a.py::test_bc") and not one.is_for("tests/test_ab.py::test_b")


def test_a_line_without_a_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "marks.txt").write_text("# why\n\nslow  # nothing\n")
    with pytest.raises(ValueError, match="'slow' is not MARK PATH"):
        read_marks(tmp_path / "marks.txt")
