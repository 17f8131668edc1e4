"""The list of marks names tests that exist and marks that are declared."""

from __future__ import annotations

import configparser
import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.marks import MarkEntry, list_unmarked, read_marks

ROOT = Path(__file__).parents[1]


@cache
def list_functions() -> frozenset[str]:
    """Returns the names of all test functions."""
    files = (ROOT / "tests").rglob("test_*.py")
    return frozenset(name for path in files for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("entry", read_marks(), ids=lambda entry: f"{entry.mark}-{entry.path or entry.function}")
def test_every_entry_names_a_test(entry: MarkEntry) -> None:
    if entry.path is not None:
        assert (ROOT / entry.path).is_file(), f"tests/marks.txt names {entry.path}, which is not there"
    else:
        assert entry.function in list_functions(), f"tests/marks.txt names {entry.function}, which no file has"


def test_every_mark_is_declared() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    declared = {line.partition(":")[0] for line in settings["tool:pytest"]["markers"].split("\n")}
    assert {entry.mark for entry in read_marks()} <= declared


def test_an_entry_is_for_a_file_or_for_a_function_with_all_its_parameters() -> None:
    whole, one = MarkEntry("slow", "tests/test_a.py", None), MarkEntry("slow", None, "test_b")
    assert whole.is_for("tests/test_a.py::test_b[1]") and whole.is_for("tests/test_a.py::test_c")
    assert not whole.is_for("tests/test_ab.py::test_b")
    assert one.is_for("tests/test_a.py::test_b[x-y]") and one.is_for("tests/other/test_c.py::test_b")
    assert not one.is_for("tests/test_a.py::test_bc")


def test_a_line_without_a_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "marks.txt").write_text("# why\n\nslow  # nothing\n")
    with pytest.raises(ValueError, match="'slow' is not MARK PATH"):
        read_marks(tmp_path / "marks.txt")


def test_long_tests_without_a_mark_are_found_in_a_log() -> None:
    log = (
        "== slowest durations ==\n"
        "3.50s call     tests/test_a.py::test_b[1]\n"
        "9.00s setup    tests/test_a.py::test_b[2 3]\n"
        "1.90s call     tests/test_a.py::test_c\n"
        "4.00s call     tests/test_a.py::test_d\n"
        "7.00s call     tests/browser/test_e.py::test_e\n"
    )
    assert list_unmarked(log, [MarkEntry("kill", None, "test_d")]) == {"test_b": 9.0}
