"""A small model file and a few small images: the least that a run can be made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.torch import save_file

MODEL = """
import torch
from torch import nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(8, 12, 3, stride=2, padding=1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(12, 16, 1), nn.ReLU())
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.third(self.second(self.first(x))).mean((2, 3)))


def build():
    torch.manual_seed(0)
    return Small()


def wrong():
    return "no module"


def raising():
    raise RuntimeError("no such file")
"""
PREPROCESS = """resize = 24
crop = 24
interpolation = "bilinear"
channels = "RGB"
scale = 1.0
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
"""
CLASSES = ("bark", "moss", "sand")


def write_small(folder: Path, n_images: int = 4) -> list[str]:
    """Writes model, weights, preprocessing and images; returns the arguments of a `precompute` without `--out`."""
    (folder / "model.py").write_text(MODEL)
    (folder / "input.toml").write_text(PREPROCESS)
    namespace: dict[str, object] = {}
    exec(compile(MODEL, "model.py", "exec"), namespace)
    module = namespace["build"]()  # type: ignore[operator]
    save_file(module.state_dict(), folder / "weights.safetensors")
    random = np.random.default_rng(0)
    for index, name in enumerate(CLASSES):
        (folder / "images" / name).mkdir(parents=True)
        for number in range(n_images):
            pixels = random.integers(0, 120, (30, 34, 3), dtype=np.uint8)
            pixels[..., index] += 100
            Image.fromarray(pixels).save(folder / "images" / name / f"{number}.png")
    return [
        *("precompute", f"{folder}/model.py:build", f"{folder}/images", "--weights", f"{folder}/weights.safetensors"),
        *("--preprocess", f"{folder}/input.toml", "--visualizations", "4", "--visualization-steps", "4"),
    ]
