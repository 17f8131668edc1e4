"""Marks of tests, their order, and runs that many tests read, each made once for all workers of a machine."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from tests.support.marks import read_marks

FIRST = ("kill", "slow", "ray", "real", "browser")
"""Marks of the tests that take longest."""

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no test is timed: two workers on two cores may be as slow as they like


def pytest_configure(config: pytest.Config) -> None:
    """Gives each of several workers one core, before torch is imported: they would wait for each other's threads."""
    if hasattr(config, "workerinput"):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Adds the marks of `tests/marks.txt`, and orders the files for several workers.

    One worker runs all tests of a file, so that fixtures of the file are made once. Files that take long come first.
    The first file of the demo run comes before all; the others of it come when the run is made, and wait for nothing.
    """
    entries = read_marks()
    ranks: dict[str, int] = {}
    demo_file: str | None = None
    for item in items:
        for entry in entries:
            if entry.is_for(item.nodeid):
                item.add_marker(entry.mark)
        file, rank = _get_file(item), _rank(item)
        if "demo_run" in getattr(item, "fixturenames", []):
            item.add_marker("slow")
            demo_file = demo_file or file
            rank = -1 if file == demo_file else FIRST.index("ray")
        ranks[file] = min(ranks.get(file, len(FIRST)), rank)
    items.sort(key=lambda item: ranks[_get_file(item)])


def pytest_collection_finish() -> None:
    """Collects garbage less often, and never among what is imported: exports make many objects that live long."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


def _get_file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _rank(item: pytest.Item) -> int:
    """Returns the place of the first mark of FIRST that a test has."""
    return next((rank for rank, mark in enumerate(FIRST) if item.get_closest_marker(mark)), len(FIRST))


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
    """Makes an older demo run first, without prototypes, which the same command adds then."""
    from rich.console import Console

    from precompute.commands.demo import run_demo
    from precompute.contract.schema import locate_table
    from precompute.feature_visualization.prototypes import draw_prototypes

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw_prototypes, "draw_prototypes", lambda request, progress: None)
        run_demo(out, None, Console(quiet=True))
    assert not locate_table(out, "prototypes").exists()
    run_demo(out, None, Console(quiet=True))


def _make_synthetic_run(out: Path) -> None:
    from tests.support.synthetic_run import write_synthetic_run

    write_synthetic_run(out)
