"""The example notebook runs from top to bottom, on the synthetic run in place of the demo."""

from __future__ import annotations

import gc
import re
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from summit_dash.api import Run
from tests.docs.test_docs import COMMANDS

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs" / "explore.ipynb"
FIRST = 'RUN = "../runs/demo"\nA, B = "black bear", "brown bear"'


@pytest.fixture
def notebook() -> NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def build_manager() -> AsyncKernelManager:
    """Returns a manager of kernels of this Python, whatever kernels are installed for the user."""
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="here",
        language="python",
        env={"PYTHONPATH": str(ROOT)},
    )
    return manager


def read_outputs(notebook: NotebookNode, beginning: str) -> str:
    """Returns the HTML or text that the cell shows whose code begins so."""
    cell = next(each for each in notebook.cells if each.source.startswith(beginning))
    data = [each.get("data", {}) for each in cell.outputs]
    return "".join(each.get("text/html") or each.get("text/plain", "") for each in data)


# zmq and tornado leave sockets and loops to the collector of rubbish.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_runs_from_top_to_bottom(notebook: NotebookNode, synthetic_run: Path, tmp_path: Path) -> None:
    parameters = notebook.cells[1]
    assert parameters.source == FIRST
    parameters.source = f'RUN = {str(synthetic_run)!r}\nA, B = "white wolf", "grey wolf"'
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, km=build_manager(), timeout=120, resources=resources).execute()
    gc.collect()  # here, where its warnings are ignored, not at the end of all tests
    assert all(each.execution_count for each in notebook.cells if each.cell_type == "code")
    assert read_outputs(notebook, "graph = ").startswith('<img alt="Attribution graph of white wolf"')
    assert read_outputs(notebook, "both = ").startswith('<img alt="Comparison of white wolf and grey wolf"')
    assert read_outputs(notebook, "run.examples").count("<img ") > 1
    assert '<iframe title="Summit Dash"' in read_outputs(notebook, "dashboard = ")


def test_it_is_committed_without_outputs() -> None:
    stored = nbformat.read(NOTEBOOK, as_version=4)
    code = [each for each in stored.cells if each.cell_type == "code"]
    assert not any(each.outputs or each.execution_count for each in code)
    assert NOTEBOOK.stat().st_size < 20_000


def test_the_command_that_makes_its_run_is_accepted(notebook: NotebookNode) -> None:
    (line,) = re.findall(r"`summit-dash (demo .*?)`", notebook.cells[0].source)
    name, *rest = line.split()
    COMMANDS[name].make_context(name, list(rest))
    assert rest[-1] in FIRST


@pytest.mark.parametrize("name", [name for name in vars(Run) if not name.startswith("_")])
def test_every_part_of_a_run_is_documented(name: str) -> None:
    text = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
    assert re.search(rf"(`|run\.){name}\b", text)
