from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from summit_dash.run.output_channels import name_output_channels
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

N_CLASSES = 6


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose last layer has as many channels as the model has outputs."""
    spec = SyntheticRun(n_classes=N_CLASSES, layers=(("conv1", 8), ("fc", N_CLASSES)))
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "outputs", spec)


@pytest.fixture
def open_with(path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RunStore]:
    """Opens the run with other counts of its last layer, and another number of outputs."""

    def open_run(counts: np.ndarray, n_outputs: int = N_CLASSES) -> RunStore:
        store = RunStore(path)
        store.manifest = {**store.manifest, "model": {**store.manifest["model"], "n_outputs": n_outputs}}
        monkeypatch.setattr(store, "read_counts", lambda layer: counts)
        return store

    return open_run


def test_channels_are_outputs_where_classes_use_their_own_most(open_with: Callable[..., RunStore]) -> None:
    store = open_with(np.eye(N_CLASSES, dtype=np.int32) * 9 + 1)
    assert name_output_channels(store) == [info.short_name for info in store.classes.values()]


def test_other_layers_of_that_many_channels_are_not_outputs(open_with: Callable[..., RunStore]) -> None:
    used = np.eye(N_CLASSES, dtype=np.int32) * 9 + 1
    assert name_output_channels(open_with(np.roll(used, 1, axis=1))) is None
    assert name_output_channels(open_with(np.zeros_like(used))) is None
    assert name_output_channels(open_with(used, n_outputs=N_CLASSES + 1)) is None
