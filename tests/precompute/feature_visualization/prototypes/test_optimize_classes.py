"""Prototypes by both methods, and the log-probability of the stored picture."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from precompute.devices.batches import BatchSize
from precompute.feature_visualization.ascent.config import TransformConfig
from precompute.feature_visualization.ascent.image_statistics import ImageStatistics
from precompute.feature_visualization.prototypes.config import CODE_SPACE, PICTURE_SPACE, PrototypeConfig
from precompute.feature_visualization.prototypes.generators import CodeParametrization, load_generator
from precompute.feature_visualization.prototypes.optimize_classes import (
    PrototypeBatch,
    PrototypeModel,
    Prototyper,
    find_starts,
)
from precompute.feature_visualization.prototypes.settings import compute_fingerprint, describe_settings
from tests.reference.visualization import compute_log_probability
from tests.support.generator_files import CODE_SIZE, write_generators

STILL = TransformConfig(0.0, 0.0, 0.0, 0.0)
OUTPUTS = {0: (0,), 1: (1, 3), 5: (2,)}


@pytest.fixture
def drawer(tmp_path: Path) -> Prototyper:
    torch.manual_seed(1)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 4)
    )
    with torch.no_grad():
        net[4].weight.mul_(8)
    net.eval().requires_grad_(False)
    rates = {CODE_SPACE: 0.15, PICTURE_SPACE: 0.1}
    config = PrototypeConfig(shape=(16, 20), n_steps=30, transforms=STILL, learning_rates=rates)
    model = PrototypeModel(net, lambda colours: (colours - 0.5) / 0.25, OUTPUTS, 4)
    sizes = BatchSize(config.batch_size, torch.device("cpu"))
    generator = load_generator(f"{write_generators(tmp_path)}:build", CODE_SIZE)
    return Prototyper(model, config, sizes, ImageStatistics(), generator, find_starts(model, config, generator))


def draw(drawer: Prototyper, batch: PrototypeBatch) -> list[dict[str, Any]]:
    (rows,) = drawer(batch)
    return rows


def decode(image: bytes) -> torch.Tensor:
    with Image.open(io.BytesIO(image)) as picture:
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize("method", [CODE_SPACE, PICTURE_SPACE])
def test_a_prototype_rises_and_is_measured_as_it_is_stored(drawer: Prototyper, method: str) -> None:
    from_mean = replace(drawer, starts={class_id: torch.zeros(CODE_SIZE) for class_id in OUTPUTS})
    rows = draw(from_mean, PrototypeBatch((0, 1, 5), method, "some"))
    assert [row["class_id"] for row in rows] == [0, 1, 5]
    for row in rows:
        stored = decode(row["image"])
        assert stored.shape == (1, 3, 16, 20)
        logits = drawer.model.forward(drawer.model.normalize(stored))[0].tolist()
        assert row["log_probability"] == pytest.approx(
            compute_log_probability(logits, OUTPUTS[row["class_id"]]), abs=1e-5
        )
        assert row["log_probability"] > row["initial_log_probability"] + 0.05
        assert (row["method"], row["settings"], row["n_steps"]) == (method, "some", 30)


@pytest.mark.parametrize("method", [CODE_SPACE, PICTURE_SPACE])
def test_a_class_is_drawn_alike_whatever_is_drawn_beside_it(drawer: Prototyper, method: str) -> None:
    short = replace(drawer, config=replace(drawer.config, n_steps=4))  # more steps amplify roundings
    together = draw(short, PrototypeBatch((0, 1, 5), method, ""))
    alone = draw(short, PrototypeBatch((1,), method, ""))
    difference = decode(together[1]["image"]) - decode(alone[0]["image"])
    assert difference.abs().mean() < 0.01


def test_the_ascent_starts_from_the_best_of_the_candidates(drawer: Prototyper) -> None:
    assert drawer.generator is not None
    candidates = torch.randn(128, CODE_SIZE, generator=torch.Generator().manual_seed(0))
    for class_id, start in drawer.starts.items():
        values = []
        for code in torch.cat([candidates[:40], start[None]]):
            picture = CodeParametrization(drawer.generator, (16, 20)).render(code[None])
            logits = drawer.model.forward(drawer.model.normalize(picture))[0].tolist()
            values.append(compute_log_probability(logits, OUTPUTS[class_id]))
        assert values[-1] >= max(values) - 1e-5


@pytest.mark.parametrize("method", [CODE_SPACE, PICTURE_SPACE])
def test_a_heavier_penalty_keeps_nearer_to_the_mean(drawer: Prototyper, method: str) -> None:
    def draw_with(weight: float) -> list[float]:
        config = replace(drawer.config, penalties={method: weight})
        rows = draw(replace(drawer, config=config), PrototypeBatch((0, 1, 5), method, ""))
        return [row["log_probability"] for row in rows]

    free, held = draw_with(0.0), draw_with(1e4)
    assert all(a > b for a, b in zip(free, held, strict=True))


def test_settings_tell_what_decides_the_picture(drawer: Prototyper) -> None:
    config, statistics = drawer.config, drawer.statistics
    code = describe_settings(config, CODE_SPACE, drawer.generator, 0)
    assert code["generator"]["code_size"] == CODE_SIZE and code["lambda"] == config.penalties[CODE_SPACE]
    picture = describe_settings(config, PICTURE_SPACE, drawer.generator, 0)
    assert "generator" not in picture
    assert compute_fingerprint(code, statistics) != compute_fingerprint(picture, statistics)
    faster = replace(config, batch_size=2, threads=1)
    assert describe_settings(faster, CODE_SPACE, drawer.generator, 0) == code
