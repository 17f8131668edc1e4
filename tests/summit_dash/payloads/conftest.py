from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from precompute.contract.schema import locate_table
from summit_dash.run.store import RunStore


@pytest.fixture(scope="session")
def without_activations(run_path: Path, tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A run that holds graphs, but neither activations nor facts of channels."""
    run = Path(shutil.copytree(run_path, tmp_path_factory.mktemp("runs") / "without"))
    for table in ("activations", "channels"):
        locate_table(run, table).unlink()
    return RunStore(run)
