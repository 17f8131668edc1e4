"""Pooled features: equal to the slow version, stored as float16 where that is enough, and mapped back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.transfer import features
from precompute.transfer.features import FeatureStore, PooledRecorder
from tests.reference.transfer import pool_layers
from tests.support.plain_net import SIZE, Net

LAYERS = (("first", 2), ("second", 3))


def test_features_equal_the_slow_ones_whatever_the_batch() -> None:
    model = ExportedModel(Net(), SIZE)
    layers = select_layers(model)
    images = torch.randn(5, *SIZE, generator=torch.Generator().manual_seed(1))
    expected = np.stack([pool_layers(model, layers, image) for image in images])
    with Parallel(torch.device("cpu")) as parallel:
        recorder = PooledRecorder(model, layers, parallel)
        found = recorder(images)
        np.testing.assert_array_equal(np.concatenate([recorder(images[:2]), recorder(images[2:])]), found)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureStore:
    monkeypatch.setattr(features, "CHUNK", 4)
    return FeatureStore(tmp_path / "model", "f" * 64, LAYERS, 10)


def make_values(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 2, 5)).astype(np.float32)


def test_what_is_written_is_read_by_layer_and_pooling(store: FeatureStore) -> None:
    assert store.list_missing() == [range(0, 4), range(4, 8), range(8, 10)]
    values = make_values(10)
    for chunk in (range(8, 10), range(0, 4)):
        store.write(chunk.start, values[chunk.start : chunk.stop], {})
    assert store.list_missing() == [range(4, 8)]
    store.write(4, values[4:8], {})
    near = {"rtol": 1e-3, "atol": 1e-6}
    np.testing.assert_allclose(store.read("second", "mean"), values[:, 0, 2:], **near)
    np.testing.assert_allclose(store.read("first", "max"), values[:, 1, :2], **near)
    np.testing.assert_allclose(store.read("second", "both"), values[:, :, 2:].reshape(10, 6), **near)


def test_numbers_too_large_for_half_precision_are_kept_whole(store: FeatureStore) -> None:
    small, large = make_values(4), make_values(4)
    large[2, 1, 3] = 1e6
    store.write(0, small, {})
    store.write(4, large, {})
    store.write(8, 1e-9 * make_values(2), {})
    kinds = [np.load(path).dtype for path in sorted((store._root).rglob("*.npy"))]
    assert kinds == [np.float16, np.float32, np.float32]
    np.testing.assert_array_equal(store.read("second", "max")[4:8], large[:, 1, 2:])


def test_an_image_that_was_not_read_is_known_with_its_reason(store: FeatureStore) -> None:
    values = make_values(4)
    values[1] = np.nan
    store.write(0, values, {1: "no image"})
    assert store.read_skipped() == {1: "no image"}
    assert [np.load(path).dtype for path in store._root.rglob("*.npy")] == [np.float16]


def test_features_of_another_model_are_removed_at_the_end(store: FeatureStore, tmp_path: Path) -> None:
    other = FeatureStore(tmp_path / "model", "a" * 64, LAYERS, 10)
    other.write(0, make_values(4), {})
    store.write(0, make_values(4), {})
    assert other.list_missing()[0] == range(4, 8)
    store.remove_others()
    assert len(other.list_missing()) == 3 and len(store.list_missing()) == 2
