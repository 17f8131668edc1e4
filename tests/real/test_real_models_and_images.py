"""Real weights and images, loaded as a person would: the accuracies that were measured elsewhere come out again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.contract.labelled import LabelledImage
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]


def _load(name: str, weights: str) -> LoadedModel:
    folder = DATA / name
    return load_model(ModelConfig(f"{folder}/model.py:build", str(folder / weights), str(folder / "preprocess.toml")))


def _measure_top1(model: LoadedModel, source: ImageSource, images: Sequence[LabelledImage]) -> float:
    hits = []
    for start in range(0, len(images), 25):
        some = images[start : start + 25]
        batch = np.stack([model.preprocess.prepare_image(source.load(image)) for image in some])
        predicted = model.module(model.preprocess.build_tensor(batch)).argmax(1).tolist()
        hits += [p == image.class_id for p, image in zip(predicted, some, strict=True)]
    return float(np.mean(hits))


def test_googlenet_knows_the_sample_images() -> None:
    model = _load("googlenet", "bvlc_googlenet.safetensors")
    source = open_images(str(DATA / "imagenet_sample/labels.csv"))

    assert model.input_size == (3, 224, 224)
    assert source.labels_are_outputs is True
    assert len(source.images) == len(source.classes) == 1000
    with torch.inference_mode():
        assert _measure_top1(model, source, source.images[::8]) == pytest.approx(0.768, abs=0.01)


def test_resnet20_knows_the_cifar_images() -> None:
    model = _load("cifar10", "resnet20.safetensors")
    source = open_images(str(DATA / "cifar10/images"), limit_per_class=30)

    assert model.input_size is None
    assert [c.class_name for c in source.classes][:2] == ["airplane", "automobile"]
    with torch.inference_mode():
        assert 0.7 < _measure_top1(model, source, source.images) < 0.92


def test_five_images_of_each_of_150_classes() -> None:
    source = open_images(str(DATA / "imagenet_150x5/labels.csv"))

    assert (len(source.classes), len(source.images)) == (150, 750)
    assert source.load(source.images[0]).mode == "RGB"
