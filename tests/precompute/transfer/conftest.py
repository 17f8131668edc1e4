from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from precompute.contract.progress import SilentProgress
from precompute.transfer.compare import compare_cuts
from precompute.transfer.config import TransferConfig
from precompute.transfer.request import TransferRequest
from tests.support.separable import write_separable


@pytest.fixture(scope="session")
def kept_result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of one model with linear heads in two folds, which no test changes; its images lie beside it."""
    folder = tmp_path_factory.mktemp("small_result")
    images, models = write_separable(folder, 10)
    config = TransferConfig(n_folds=2, penalties=(0.01,))
    request = TransferRequest(images, (models["late"],), folder / "out", config, limit_per_class=8, save=())
    compare_cuts(request, SilentProgress())
    return folder / "out"


@pytest.fixture
def small_result(kept_result: Path, tmp_path: Path) -> Path:
    """A copy of that result, of the same images."""
    return Path(shutil.copytree(kept_result, tmp_path / "result"))
