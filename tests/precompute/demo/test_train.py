"""The training of the demo's network: its images, its changes to them, and its hooks."""

import numpy as np
import pytest
import torch
from safetensors import safe_open

from precompute.demo.model import RECORDED_LAYERS, WEIGHTS, load
from precompute.demo.scenes import Part
from precompute.demo.train import Recipe, _augment, _choose_parts, _regularise, preprocess, save

PARTS = (Part("body", (0, 0, 50, 50)), Part("wheel", (0, 0, 2, 2)), Part("wheel", (5, 5, 7, 7)))


def test_one_part_alone_is_usually_a_large_one() -> None:
    chosen = [_choose_parts(PARTS, np.random.default_rng(seed)) for seed in range(300)]

    alone = [parts for parts in chosen if len(parts) == 1]
    assert sum(parts == {"body"} for parts in alone) > sum(parts == {"wheel"} for parts in alone)
    assert any(parts == {"body", "wheel"} for parts in chosen) and set().union(*chosen) == {"body", "wheel"}


def test_inputs_are_normalised_by_channel() -> None:
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 1, 2).expand(1, 3, 1, 2)

    values = preprocess(pixels)

    expected = torch.tensor([[-0.55 / 0.22, 0.45 / 0.22], [-0.57 / 0.18, 0.43 / 0.18], [-0.54 / 0.21, 0.46 / 0.21]])
    torch.testing.assert_close(values[0, :, 0], expected)


def test_augmented_images_keep_their_size_range_and_hue() -> None:
    pixels = torch.full((16, 3, 12, 12), 100, dtype=torch.uint8)
    pixels[:, 0] = 150

    changed = _augment(pixels, torch.Generator().manual_seed(0), 4)

    assert changed.shape == pixels.shape and changed.min() >= 0 and changed.max() <= 255
    assert (changed[:, 0] > changed[:, 1]).all() and (changed[:, 1] == changed[:, 2]).all()
    assert len(changed[:, 1, 0, 0].unique()) == 16, "each image has a brightness of its own"


def test_hooks_give_the_mean_activation_and_are_gone_afterwards() -> None:
    model = load()
    inputs = preprocess(torch.zeros(1, 3, 96, 96, dtype=torch.uint8))
    with torch.no_grad():
        plain = model(inputs)
        with _regularise(model, Recipe()) as mean_activation:
            hooked = model(inputs)
            assert 0 < float(mean_activation()) < 10 * len(RECORDED_LAYERS)
    assert torch.equal(plain, hooked), "nothing is dropped in evaluation mode"
    assert not any(model.get_submodule(name)._forward_hooks for name in RECORDED_LAYERS)


def test_weights_are_saved_with_their_recipe(tmp_path) -> None:
    save({"a": torch.arange(6.0).view(2, 3).T}, tmp_path / "w.safetensors", Recipe(seed=3), seed="3")

    with safe_open(tmp_path / "w.safetensors", "pt") as file:
        assert torch.equal(file.get_tensor("a"), torch.arange(6.0).view(2, 3).T)
        assert file.metadata()["recipe"] == repr(Recipe(seed=3)) and file.metadata()["seed"] == "3"
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


def test_the_packaged_weights_were_made_by_the_recipe() -> None:
    with safe_open(WEIGHTS, "pt") as file:
        assert file.metadata()["recipe"] == repr(Recipe())
        assert float(file.metadata()["held_out_accuracy"]) == pytest.approx(0.97, abs=0.02)
