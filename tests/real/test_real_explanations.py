"""Explanations of GoogLeNet and ResNet-20 with their real weights: what they promise is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.datasets.sources.open import open_images
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.registry import find_method
from precompute.explanations.target import choose_target
from precompute.models.graph.exported import ExportedModel
from precompute.models.sources.loading import ModelConfig, load_model

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]


@pytest.mark.parametrize(
    ("name", "weights", "images", "side"),
    [
        ("googlenet", "bvlc_googlenet.safetensors", "imagenet_sample/labels.csv", 224),
        ("cifar10", "resnet20.safetensors", "cifar10/images", 32),
    ],
)
def test_sums_are_accounted_for(name: str, weights: str, images: str, side: int) -> None:
    folder = DATA / name
    loaded = load_model(ModelConfig(f"{folder}/model.py:build", str(folder / weights), str(folder / "preprocess.toml")))
    explainer = Explainer(
        ExportedModel(loaded.module, (3, side, side)), InputRange.from_preprocess(loaded.preprocess), {}
    )
    source = open_images(str(DATA / images), limit_per_class=1)
    pictures = [loaded.preprocess.prepare_image(source.load(image)) for image in source.images[:2]]
    batch = loaded.preprocess.build_tensor(np.stack(pictures))
    targets = [choose_target(logits, against="auto") for logits in explainer.compute_logits(batch)]
    deeplift = find_method("deeplift").explain(explainer, batch, targets)
    assert deeplift.error is not None
    assert deeplift.error.max() < 1e-3
    relevance = find_method("lrp").explain(explainer, batch, targets)
    absorbed = np.sum([entry["absorbed"] for entry in relevance.facts["conservation"]], 0)
    reached = (relevance.map.flatten(1).sum(1) / relevance.scores.abs()).numpy()
    np.testing.assert_allclose(reached + absorbed, relevance.scores.sign().numpy(), rtol=1e-2)
