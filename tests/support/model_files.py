"""A model file on disk, and a function that loads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from precompute.models.sources.preprocess import EXAMPLE_TOML

__all__ = ["NETWORK", "Load", "make_load"]

NETWORK = """
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(self.norm(self.conv(x)).mean((2, 3)))

def build():
    return Tiny()
"""

Load = Callable[..., LoadedModel]


def make_load(folder: Path) -> Load:
    """Makes a function that writes a model file with a given text, and loads `build` of it.

    Further keywords are fields of the config; the preprocessing is the example unless one is given.
    """
    (folder / "preprocess.toml").write_text(EXAMPLE_TOML)

    def load(text: str = NETWORK, name: str = "build", **fields: str) -> LoadedModel:
        (folder / "model.py").write_text(text)
        fields.setdefault("preprocess", str(folder / "preprocess.toml"))
        return load_model(ModelConfig(f"{folder / 'model.py'}:{name}", **fields))  # type: ignore[arg-type]

    return load
