from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from summit_dash.run.store import RunStore
from tests.support.proven_run import prove
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture(scope="session")
def run_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "synthetic")


@pytest.fixture(scope="session")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


@pytest.fixture(scope="session")
def bare_store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """Labels are not outputs, and no channel has a feature visualization."""
    options = SyntheticRun(n_classes=6, labels_are_outputs=False, without_visualization=1)
    return RunStore(write_synthetic_run(tmp_path_factory.mktemp("runs") / "bare", options))


@pytest.fixture(scope="session")
def part_store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """Most examples are parts of images that the run holds."""
    options = SyntheticRun(n_classes=6, n_images=40, without_visualization=0.5, whole_images=True)
    return RunStore(write_synthetic_run(tmp_path_factory.mktemp("runs") / "parts", options))


@pytest.fixture(scope="session")
def proven_store(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """Classes 0 and 1 are proven, the others are not."""
    return RunStore(prove(Path(shutil.copytree(run_path, tmp_path_factory.mktemp("runs") / "proven"))))
