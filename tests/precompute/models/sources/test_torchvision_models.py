"""Models of torchvision: their weights, published, own or random, and what comes with them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from precompute.contract.errors import InputError
from precompute.models.sources import torchvision_models
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.preprocess import Preprocess
from precompute.models.weights.loading import hash_file


def test_a_torchvision_model_with_random_weights() -> None:
    loaded = load_model(ModelConfig("torchvision:squeezenet1_1", weights="random"))

    assert loaded.name == "squeezenet1_1 (random weights)"
    assert loaded.weights_sha256 is None
    assert loaded.output_names is None
    assert loaded.preprocess == Preprocess()
    assert loaded.input_size == (3, 224, 224)


def test_the_seed_decides_random_weights() -> None:
    def load_weight(seed: int) -> torch.Tensor:
        loaded = load_model(ModelConfig("torchvision:squeezenet1_1", weights="random", seed=seed))
        return loaded.module.get_parameter("features.0.weight")

    assert torch.equal(load_weight(1), load_weight(1))
    assert not torch.equal(load_weight(1), load_weight(2))


def test_published_googlenet_weights_load_without_their_auxiliary_heads(tmp_path: Path) -> None:
    from torchvision.models import googlenet

    torch.save(googlenet(aux_logits=True, init_weights=False).state_dict(), tmp_path / "googlenet.pth")

    loaded = load_model(ModelConfig("torchvision:googlenet", weights=str(tmp_path / "googlenet.pth")))

    assert loaded.module.transform_input
    assert loaded.name == "googlenet (googlenet.pth)"
    assert not any("aux" in name for name, _ in loaded.module.named_modules())


def test_densenet_weights_with_their_old_names(tmp_path: Path) -> None:
    from torchvision.models import densenet121

    state = densenet121().state_dict()
    old = {
        k.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in k else k: state[k] for k in state
    }
    assert set(old) != set(state)
    torch.save(old, tmp_path / "densenet.pth")

    loaded = load_model(ModelConfig("torchvision:densenet121", weights=str(tmp_path / "densenet.pth")))

    assert torch.equal(
        loaded.module.state_dict()["features.denseblock1.denselayer1.conv2.weight"],
        state["features.denseblock1.denselayer1.conv2.weight"],
    )


def test_default_weights_come_with_names_of_outputs_and_a_hash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from torchvision.models import SqueezeNet1_1_Weights, _api, squeezenet1_1

    cached = tmp_path / "checkpoints" / "squeezenet1_1-b8a52dc0.pth"
    cached.parent.mkdir()
    cached.write_bytes(b"as downloaded")
    state = squeezenet1_1().state_dict()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(_api, "load_state_dict_from_url", lambda *_, **__: state)

    loaded = load_model(ModelConfig("torchvision:squeezenet1_1"))

    assert loaded.output_names == tuple(SqueezeNet1_1_Weights.DEFAULT.meta["categories"])
    assert loaded.weights_sha256 == hash_file(cached)
    assert loaded.name == "squeezenet1_1"
    assert loaded.published_top1 == pytest.approx(0.58178)
    assert torch.equal(loaded.module.state_dict()["features.0.weight"], state["features.0.weight"])


def test_an_unknown_torchvision_model_gets_the_nearest_names() -> None:
    with pytest.raises(InputError, match=r"Found resnet19\. Did you mean resnet18"):
        load_model(ModelConfig("torchvision:resnet19"))


def test_every_torchvision_model_states_its_preprocessing() -> None:
    from torchvision import models

    for name in models.list_models(module=models):
        transforms = models.get_model_weights(name).DEFAULT.transforms()
        assert Preprocess.from_torchvision(transforms).crop == transforms.crop_size[0]


def test_every_classification_model_of_torchvision_is_built() -> None:
    from torchvision import models

    names = torchvision_models.list_names()
    assert len(names) >= 80 and not any("quantized" in name for name in names)
    with torch.device("meta"):  # no values: the largest would take gigabytes
        for name in names:
            if not name.startswith("regnet"):  # whose widths are computed from values
                assert torchvision_models.build(models, name, "random", 0) is not None, name


@pytest.mark.parametrize("name", ["regnet_x_400mf", "mnasnet0_5", "shufflenet_v2_x0_5", "googlenet", "alexnet"])
def test_some_are_loaded_with_random_weights(name: str) -> None:
    loaded = load_model(ModelConfig(f"torchvision:{name}", "random"))

    assert loaded.input_size == (3, 224, 224)
    assert loaded.module(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
