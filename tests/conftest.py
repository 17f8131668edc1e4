"""A real run for every test that needs one: the demo, made once as `summit-dash demo` makes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The whole demo run, with every stage and all its images; one for all workers, so no test may write to it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "demo"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "done").is_file():
            _make_demo_run(folder / "run")
            (folder / "done").touch()
    return folder / "run"


def _make_demo_run(out: Path) -> None:
    from rich.console import Console

    from precompute.commands.demo import run_demo

    run_demo(out, None, Console(quiet=True))
