from __future__ import annotations

from pathlib import Path

import pytest

from summit_dash import Run, open_run


@pytest.fixture(scope="session")
def run(run_path: Path) -> Run:
    return open_run(run_path)
