"""Loading by name: the choice of the source, and errors that no single source has."""

from __future__ import annotations

import urllib.error
from pathlib import Path

import huggingface_hub
import pytest
import torch

from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model


@pytest.mark.parametrize("source", ["tim:resnet18", "resnet18", "", "torchvison:resnet18", "file:x"])
def test_an_unknown_source_gets_the_known_ones(source: str) -> None:
    with pytest.raises(InputError, match=r"demo, torchvision:NAME, timm:NAME, FILE\.py:CALLABLE"):
        load_model(ModelConfig(source))


@pytest.mark.parametrize("source", ["torchvision:squeezenet1_1", "timm:mobilenetv3_small_100", "timm:resnet18.a1_in1k"])
def test_default_weights_without_a_network_name_the_ways_out(
    source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)

    with pytest.raises(InputError, match=r"no route to host.*--weights FILE.*--weights random"):
        load_model(ModelConfig(source, weights="default"))
