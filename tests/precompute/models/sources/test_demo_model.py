"""The demo model as a source."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.weights.loading import hash_file


def test_the_demo_brings_weights_preprocessing_layers_and_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from precompute.demo import model as demo

    monkeypatch.setattr(demo, "WEIGHTS", tmp_path / "weights.safetensors")
    save_file(demo.build().state_dict(), demo.WEIGHTS)

    loaded = load_model(ModelConfig("demo"))

    assert loaded.input_size == (3, 96, 96)
    assert loaded.weights_sha256 == hash_file(demo.WEIGHTS)
    assert loaded.layers is not None
    assert set(loaded.layers) <= {name for name, _ in loaded.module.named_modules()}
    assert loaded.output_names is not None
    assert loaded.module(torch.zeros(1, 3, 96, 96)).shape == (1, len(loaded.output_names))


@pytest.mark.parametrize(("source", "weights"), [("demo", "random"), ("demo:small", None)])
def test_the_demo_takes_no_other_weights(source: str, weights: str | None) -> None:
    with pytest.raises(InputError, match="own weights"):
        load_model(ModelConfig(source, weights))
