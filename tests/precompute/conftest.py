"""A run of a small model with a few small images, made once for the tests that only read or copy it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from precompute.models.graph import exported
from summit_dash.cli import main
from tests.support.exports import list_operators_once, remember_exports
from tests.support.small import write_small


@pytest.fixture(scope="session", autouse=True)
def _exports() -> Iterator[None]:
    """Lets the tests share the exported graphs of the networks that hundreds of them read."""
    with list_operators_once(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(exported, "export_graph", remember_exports(exported.export_graph))
        yield


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, whose model, weights and images lie beside it; to be copied before it is changed."""
    folder = tmp_path_factory.mktemp("small")
    with pytest.raises(SystemExit) as ended:
        main([*write_small(folder), "--out", str(folder / "run"), "--stages", "aggregate,graphs"])
    assert not ended.value.code
    return folder / "run"


@pytest.fixture
def small_copy(small_run: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be changed."""
    return Path(shutil.copytree(small_run, tmp_path / "run"))
