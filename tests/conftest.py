"""Runs that many tests read, each made once for all workers of a machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of this session that all its workers see."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def demo_run(shared_folder: Path) -> Path:
    """The whole demo run, with every stage and all its images; no test may write to it."""
    return make_once(shared_folder, "demo", _make_demo_run)


@pytest.fixture(scope="session")
def synthetic_run(shared_folder: Path) -> Path:
    """A run of 12 classes written without a model; no test may write to it."""
    return make_once(shared_folder, "synthetic", _make_synthetic_run)


def make_once(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """Returns the run of this name, which the first worker that asks makes while the others wait."""
    run = folder / "runs" / name
    run.parent.mkdir(exist_ok=True)
    done = run.with_suffix(".done")
    with FileLock(run.with_suffix(".lock")):
        if not done.is_file():
            make(run)
            done.touch()
    return run


def _make_demo_run(out: Path) -> None:
    from rich.console import Console

    from precompute.commands.demo import run_demo

    run_demo(out, None, Console(quiet=True))


def _make_synthetic_run(out: Path) -> None:
    from tests.support.synthetic_run import write_synthetic_run

    write_synthetic_run(out)
