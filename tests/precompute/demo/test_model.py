"""The packaged network: small, made of the promised blocks, and as good as it says."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from precompute.demo.images import DemoImages
from precompute.demo.model import CLASS_NAMES, INPUT_SIZE, PREPROCESS, RECORDED_LAYERS, WEIGHTS, build, load
from precompute.demo.scenes import CLASSES
from precompute.demo.train import measure_accuracy


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return load()


def _record_outputs(model: nn.Module) -> dict[str, torch.Tensor]:
    outputs: dict[str, torch.Tensor] = {}
    handles = [
        model.get_submodule(name).register_forward_hook(lambda _m, _i, out, name=name: outputs.update({name: out}))
        for name in RECORDED_LAYERS
    ]
    with torch.no_grad():
        model(torch.randn(2, 3, INPUT_SIZE, INPUT_SIZE))
    for handle in handles:
        handle.remove()
    return outputs


def test_weights_are_small_and_fit(model: nn.Module) -> None:
    assert WEIGHTS.stat().st_size <= 2_000_000
    assert not model.training
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())
    assert model(torch.zeros(1, 3, INPUT_SIZE, INPUT_SIZE)).shape == (1, len(CLASSES))
    assert tuple(entry.class_name for entry in CLASSES) == CLASS_NAMES


def test_recorded_layers_are_five_to_seven_of_32_to_160_channels_after_relu(model: nn.Module) -> None:
    outputs = _record_outputs(model)
    assert tuple(outputs) == RECORDED_LAYERS
    assert 5 <= len(outputs) <= 7
    for output in outputs.values():
        assert 32 <= output.shape[1] <= 160
        assert output.min() >= 0
    sizes = [output.shape[-1] for output in outputs.values()]
    assert all(before >= after for before, after in pairwise(sizes))


def test_network_has_the_promised_blocks() -> None:
    model = build()
    exported = torch.export.export(model.eval(), (torch.zeros(2, 3, INPUT_SIZE, INPUT_SIZE),))
    called = [str(node.target) for node in exported.graph.nodes if node.op == "call_function"]
    assert sum("cat" in name for name in called) >= 2
    assert sum("add" in name and "addmm" not in name for name in called) == 1
    assert any(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    assert any(isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) for module in model.modules())


def test_preprocessing_is_the_one_the_weights_were_trained_with() -> None:
    assert set(PREPROCESS) == {"resize", "crop", "interpolation", "channels", "scale", "mean", "std"}
    assert (PREPROCESS["resize"], PREPROCESS["crop"]) == (INPUT_SIZE, INPUT_SIZE)
    assert DemoImages(1).load(DemoImages(1).images[0]).size == (INPUT_SIZE, INPUT_SIZE)


def test_held_out_accuracy_is_high_but_not_perfect(model: nn.Module) -> None:
    accuracy = measure_accuracy(model, 15)
    # 15 images a class leave a standard error of 0.8 points around the 50-image figure.
    assert 0.88 <= accuracy.mean() <= 0.99
    assert accuracy.min() >= 0.5
