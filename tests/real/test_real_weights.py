"""Real weights in the kinds of files that public projects publish; the network gives the same logits with each."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from tests.support.checkpoint_files import State, add_prefix, halve, make_lightning, make_training

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
CIFAR = DATA / "cifar10"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the folder ../shared/data with real weights and images is absent"),
]

legacy = partial(torch.save, _use_new_zipfile_serialization=False)


def load(model: Path, weights: Path) -> LoadedModel:
    return load_model(ModelConfig(f"{model}:build", str(weights), str(CIFAR / "preprocess.toml")))


def write_all(folder: Path, state: State) -> list[Path]:
    """Writes the kinds of files in which public projects publish weights, each with the same weights in it."""
    swa = {"n_averaged": torch.tensor(7), **add_prefix("module.", state)}
    files = {
        "resnet20-12fca82f.th": (
            legacy,
            make_training(add_prefix("module.", state)),
        ),  # akamaster/pytorch_resnet_cifar10
        "resnet20.th": (torch.save, make_training(add_prefix("module.", state))),
        "epoch=9-step=90.ckpt": (torch.save, make_lightning(state)),
        "old.ckpt": (legacy, make_lightning(state)),
        "model_best.pth.tar": (torch.save, make_training(add_prefix("module.", state))),
        "pytorch_model.bin": (torch.save, state),
        "last.pth.tar": (torch.save, make_training(halve(state), state_dict_ema=state)),
        "checkpoint.pth": (torch.save, {"model": halve(state), "model_ema": swa}),
        "swa.pt": (torch.save, swa),
        "weights": (legacy, {"net": state, "acc": 91.2}),
    }
    for name, (save, content) in files.items():
        save(content, folder / name)
    return [folder / name for name in files]


def test_each_file_gives_the_same_logits(tmp_path: Path) -> None:
    state = load_file(CIFAR / "resnet20.safetensors")
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    wanted = load(CIFAR / "model.py", CIFAR / "resnet20.safetensors").module(images)

    for path in write_all(tmp_path, state):
        assert torch.equal(load(CIFAR / "model.py", path).module(images), wanted), path.name


def test_the_network_in_a_package(tmp_path: Path) -> None:
    blocks, _, rest = (CIFAR / "model.py").read_text().partition("class CifarResNet")
    package = tmp_path / "src" / "resnets"
    (package / "parts").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "parts" / "block.py").write_text(blocks)
    (package / "cifar.py").write_text(
        f"from .parts.block import *\nfrom resnets.parts.block import Block\nclass CifarResNet{rest}"
    )
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    weights = CIFAR / "resnet20.safetensors"

    found = load(package / "cifar.py", weights)

    assert torch.equal(found.module(images), load(CIFAR / "model.py", weights).module(images))
    assert found.code_sha256 != load(CIFAR / "model.py", weights).code_sha256
