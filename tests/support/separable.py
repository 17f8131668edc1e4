"""Images and models with a known answer: the classes can be told apart linearly at one layer and at no other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from precompute.transfer.naming import NamedModel

__all__ = ["CLASSES", "build_arguments", "write_separable"]

CLASSES = ("different", "same")
"""Red and green are two bits; the class is their exclusive or, which no linear map of them is."""

_MODEL = """
import torch
from torch import nn


class Gate(nn.Module):
    def __init__(self, rows, biases):
        super().__init__()
        self.mix = nn.Conv2d(len(rows[0]), len(rows), 1)
        self.mix.weight.data = torch.tensor(rows)[:, :, None, None]
        self.mix.bias.data = torch.tensor(biases)

    def forward(self, x):
        return torch.relu(self.mix(x))


class Net(nn.Module):
    def __init__(self, second, third):
        super().__init__()
        self.bits = Gate([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [0.0, 0.0])
        self.second = Gate(*second)
        self.third = Gate(*third)
        self.head = nn.Linear(2, 2)

    def forward(self, x):
        return self.head(self.third(self.second(self.bits(x))).mean((2, 3)))


def build_early():  # the second layer has red + green and its excess over 1; the third one has red alone
    red_alone = [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]], [0.0, 0.1]
    return Net(([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]], [0.0, -1.0, 0.0]), red_alone)


def build_late():  # the second layer has the bits again; the third one has the sum and its excess
    return Net(([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), ([[1.0, 1.0], [1.0, 1.0]], [0.0, -1.0]))
"""
_PREPROCESS = """resize = 0
crop = 8
interpolation = "bilinear"
channels = "RGB"
scale = 1.0
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]
"""


def write_separable(folder: Path, n_images: int = 20, is_shuffled: bool = False) -> tuple[str, dict[str, NamedModel]]:
    """Writes images, a model file and its preprocessing.

    Args:
        folder: there, and empty.
        n_images: of each class.
        is_shuffled: give the images of both classes at random to either, so that there is nothing to learn.

    Returns:
        The folder of images, and the models `early` and `late`, by the layer that separates the classes.
    """
    (folder / "net.py").write_text(_MODEL)
    (folder / "input.toml").write_text(_PREPROCESS)
    chance = np.random.default_rng(5)
    bits = [(number % 2, (number // 2) % 2) for number in range(2 * n_images)]
    names = [CLASSES[int(red == green)] for red, green in bits]
    if is_shuffled:
        names = [names[place] for place in chance.permutation(len(names))]
    for number, ((red, green), name) in enumerate(zip(bits, names, strict=True)):
        pixels = chance.normal(0, 8, (8, 8, 3)) + np.array([20 + 215 * red, 20 + 215 * green, 90])
        path = folder / "images" / name / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    models = {
        name: NamedModel(name, f"{folder}/net.py:build_{name}", None, str(folder / "input.toml"))
        for name in ("early", "late")
    }
    return str(folder / "images"), models


def build_arguments(images: str, models: Mapping[str, NamedModel]) -> list[str]:
    """Returns the arguments of a `transfer` of models on images, without `--out`."""
    sources = ",".join(f"{name}={model.source}" for name, model in models.items())
    files = [part for name, model in models.items() for part in ("--preprocess", f"{name}={model.preprocess}")]
    return ["transfer", images, "--models", sources, *files]
