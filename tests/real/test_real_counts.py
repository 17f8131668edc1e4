"""Counts on real networks and real images equal the slow reference, every one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.datasets.sources.open import open_images
from precompute.models.sources.loading import ModelConfig, load_model
from tests.reference.networks import CIFAR, GOOGLENET
from tests.support.counting import find_differences

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]


def test_resnet20_counts_equal_the_reference() -> None:
    folder = DATA / "cifar10"
    loaded = load_model(
        ModelConfig(f"{folder}/model.py:build", str(folder / "resnet20.safetensors"), str(folder / "preprocess.toml"))
    )
    source = open_images(str(folder / "images"), limit_per_class=2)
    wrong, n_counts = find_differences(loaded, source, list(source.images), CIFAR)
    assert n_counts > 2000
    assert wrong == {}


def test_googlenet_counts_equal_the_reference() -> None:
    folder = DATA / "googlenet"
    weights, preprocess = str(folder / "bvlc_googlenet.safetensors"), str(folder / "preprocess.toml")
    loaded = load_model(ModelConfig(f"{folder}/model.py:build", weights, preprocess))
    source = open_images(str(DATA / "imagenet_sample" / "labels.csv"))
    wrong, n_counts = find_differences(loaded, source, list(source.images[::400]), GOOGLENET)
    assert n_counts > 30_000
    assert wrong == {}
