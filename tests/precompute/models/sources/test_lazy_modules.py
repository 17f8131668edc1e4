"""Lazy modules get their sizes from one pass, before weights are loaded into them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from precompute.models.sources.preprocess import EXAMPLE_TOML

NETWORK = """
from torch import nn

class Lazy(nn.Module):
    def __init__(self):
        super().__init__()
        self.maps = nn.Sequential(nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU())
        self.more = nn.Sequential(nn.LazyConv2d(5, 3, stride=2), nn.LazyInstanceNorm2d(affine=True), nn.ReLU())
        self.head = nn.LazyLinear(2)

    def forward(self, x):
        return self.head(self.more(self.maps(x)).flatten(1))

def build():
    return Lazy()

def failing():
    return nn.Sequential(nn.LazyConv2d(4, 3), nn.Linear(7, 2))

def partly():
    net = Lazy()
    net.auxiliary = nn.Sequential(nn.LazyLinear(3), nn.LazyLinear(2))
    return net
"""
Load = Callable[..., LoadedModel]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a callable of the model file, by default `build`, for images of 16 x 16 pixels."""
    (tmp_path / "model.py").write_text(NETWORK)

    def load(name: str = "build", crop: int = 16, **fields: Any) -> LoadedModel:
        (tmp_path / "preprocess.toml").write_text(EXAMPLE_TOML.replace("crop = 224", f"crop = {crop}"))
        config = ModelConfig(f"{tmp_path}/model.py:{name}", preprocess=str(tmp_path / "preprocess.toml"), **fields)
        return load_model(config)

    return load


def test_lazy_modules_have_the_sizes_of_the_input(load: Load) -> None:
    module = load().module

    assert {name: tuple(p.shape) for name, p in module.named_parameters() if name.endswith("weight")} == {
        "maps.0.weight": (4, 3, 3, 3), "maps.1.weight": (4,), "more.0.weight": (5, 4, 3, 3), "more.1.weight": (5,),
        "head.weight": (2, 180),
    }  # fmt: skip
    assert torch.equal(module.maps[1].running_mean, torch.zeros(4))  # the pass leaves no traces in statistics
    assert ExportedModel(module, (3, 16, 16)).n_outputs == 2


def test_their_values_come_from_the_seed(load: Load) -> None:
    state = torch.random.get_rng_state()
    first, again, other = (load(seed=seed).module.state_dict() for seed in (0, 0, 1))

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["more.0.weight"], other["more.0.weight"])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_weights_are_loaded_into_them(load: Load, tmp_path: Path) -> None:
    state = {key: torch.full_like(value, 2) for key, value in load().module.state_dict().items()}
    save_file(state, tmp_path / "weights.safetensors")

    loaded = load(weights=str(tmp_path / "weights.safetensors")).module.state_dict()

    assert all(torch.equal(loaded[key], state[key]) for key in state)


def test_weights_of_another_input_size_do_not_fit(load: Load, tmp_path: Path) -> None:
    save_file(load(crop=20).module.state_dict(), tmp_path / "weights.safetensors")

    with pytest.raises(InputError, match=r"of another shape: head\.weight \(file \(2, 320\), model \(2, 180\)\)"):
        load(weights=str(tmp_path / "weights.safetensors"))


@pytest.mark.parametrize(
    ("name", "crop", "message"),
    [
        ("build", 0, r"crop = 0.*lazy modules: maps\.0, maps\.1, more\.0, more\.1, head\. Set crop"),
        ("failing", 16, r"The pass on images \(3, 16, 16\) fails \(RuntimeError: .*Check the input size"),
        ("partly", 16, r"does not reach auxiliary\.0, auxiliary\.1\. Give these modules their sizes"),
    ],
)
def test_modules_that_no_pass_can_size_are_named(load: Load, name: str, crop: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(name, crop)


def test_modules_with_sizes_are_not_run(load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = "class Fails(nn.Linear):\n    def forward(self, x): raise RuntimeError\n\ndef sized(): return Fails(1, 1)\n"
    (tmp_path / "model.py").write_text(NETWORK + text)

    assert isinstance(load("sized").module, nn.Linear)
