"""Modules that cannot be recorded as they are: each is one error, or is converted with a note."""

from __future__ import annotations

import copy
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
from summit_dash.cli import main

HEADER = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.drop(self.norm(self.conv(x)).mean((2, 3))))

def build():
    net = Net()
"""

Load = Callable[..., LoadedModel]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a model file whose `build` ends with the given lines, by default returning the network as it is."""
    (tmp_path / "preprocess.toml").write_text(EXAMPLE_TOML.replace("crop = 224", "crop = 16"))

    def load(*lines: str, **fields: Any) -> LoadedModel:
        body = "".join(f"    {line}\n" for line in (*lines, "return net"))
        (tmp_path / "model.py").write_text(HEADER + body)
        config = ModelConfig(f"{tmp_path}/model.py:build", preprocess=str(tmp_path / "preprocess.toml"), **fields)
        return load_model(config)

    return load


def test_eval_is_set_whatever_the_file_did(load: Load) -> None:
    module = load("net.train()").module

    assert not any(child.training for child in module.modules())
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(module(images), module(images))


@pytest.mark.parametrize(("cast", "name"), [("half()", "float16"), ("bfloat16()", "bfloat16"), ("double()", "float64")])
def test_another_precision_is_converted_with_a_note(load: Load, cast: str, name: str) -> None:
    loaded = load(f"net.{cast}")

    assert loaded.notes == (f"The model holds 138 values in {name}: converted to float32.",)
    model = ExportedModel(loaded.module, (3, 16, 16))
    (logits,) = model.build_sub_graph([model.output])(torch.rand(2, 3, 16, 16))
    assert logits.dtype == torch.float32 and bool(torch.isfinite(logits).all())


def test_float32_needs_no_note(load: Load) -> None:
    assert load().notes == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("net.conv.weight.data[0, 0, 0, :2] = float('nan')", r"NaN or infinity in conv\.weight \(2 of 108 values\)"),
        ("net.head.bias.data[1] = float('-inf')", r"head\.bias \(1 of 2 values\)"),
        ("net.norm.running_var[:] = float('inf')", r"norm\.running_var \(4 of 4 values\)"),
        ("net.register_buffer('mask', torch.full((3,), float('nan')))", r"mask \(3 of 3 values\)"),
        ("[p.data.fill_(float('nan')) for p in net.parameters()]", r"conv\.weight .*conv\.bias .*norm\.bias .*1 more"),
    ],
)
def test_weights_that_are_no_numbers_are_named(load: Load, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(line)


def test_a_mask_may_hold_infinity(load: Load) -> None:
    assert load("net.register_buffer('mask', torch.full((3,), float('-inf')))").notes == ()


def test_a_weights_file_with_nan_is_refused(load: Load, tmp_path: Path) -> None:
    state = load().module.state_dict()
    state["norm.weight"][2] = float("nan")
    save_file(state, tmp_path / "diverged.safetensors")

    with pytest.raises(InputError, match=r"norm\.weight \(1 of 4 values\)"):
        load(weights=str(tmp_path / "diverged.safetensors"))


def test_torchvision_weights_with_nan_are_refused(tmp_path: Path) -> None:
    from torchvision.models import squeezenet1_1

    state = squeezenet1_1().state_dict()
    state["features.3.squeeze.weight"][0] = float("inf")
    torch.save(state, tmp_path / "weights.pth")

    with pytest.raises(InputError, match=r"features\.3\.squeeze\.weight \(64 of 1,024 values\)"):
        load_model(ModelConfig("torchvision:squeezenet1_1", str(tmp_path / "weights.pth")))


def test_parameters_without_values_are_named(load: Load) -> None:
    with pytest.raises(InputError, match=r"On the device meta.*: conv\.weight, conv\.bias, .* and \d more"):
        load("net.to('meta')")


def test_a_scripted_module_is_refused(load: Load) -> None:
    lines = ("import warnings", "warnings.simplefilter('ignore')", "net = torch.jit.trace(net, torch.ones(1, 3, 8, 8))")
    with pytest.raises(InputError, match=r"TorchScript module.*before torch\.jit\.script"):
        load(*lines, "warnings.simplefilter('error')")


@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated", "ignore:torch.quantize_per_tensor")
@pytest.mark.filterwarnings("ignore:.*quantized tensor creation functions")
def test_a_quantized_module_is_refused_and_its_quantized_parts_are_named(load: Load) -> None:
    lines = (
        "from torch.ao.quantization import quantize_dynamic",
        "torch.backends.quantized.engine = torch.backends.quantized.supported_engines[-1]",
        "net = quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)",
    )
    with pytest.raises(InputError, match=r"Found quantized modules: head \(Linear\)"):
        load(*lines)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.gpu
def test_a_model_on_another_device_is_brought_here(load: Load) -> None:
    loaded = load("net.cuda()")

    assert {p.device.type for p in loaded.module.parameters()} == {"cpu"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("return net.state_dict()", r"returned a state dict of 9 tensors.*load_state_dict"),
        ("return Net", r"returned the class Net itself\. Return an instance: Net\(\)"),
        ("return net.forward", r"returned method"),
        ("return", r"returned NoneType"),
        ("return {}", r"returned dict"),
    ],
)
def test_a_result_that_is_no_module_is_described(load: Load, line: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(line)


@pytest.mark.parametrize("name", ["model.pt", "nets/best.pth", "model.torchscript", "net.onnx", "weights.safetensors"])
def test_a_file_without_code_is_refused_as_a_model(name: str) -> None:
    with pytest.raises(InputError, match=rf"FILE\.py:CALLABLE --weights {name}"):
        load_model(ModelConfig(name))


def test_a_scripted_archive_as_weights_is_one_message(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with pytest.warns(), torch.no_grad():
        torch.jit.save(torch.jit.trace(copy.deepcopy(nn.Conv2d(3, 4, 1)), torch.ones(1, 3, 4, 4)), path)

    with pytest.raises(InputError, match=r"is a TorchScript archive.*torch\.jit\.load"):
        load(weights=str(path))


# --- on the command line --------------------------------------------------------------------------------------------

BAD = {
    "two arguments": ("def forward(self, x, mask): return self.head(x.mean((2, 3)) * mask)", "takes 2: x, mask"),
    "a string": ("def forward(self, x): return 'cat'", "returns a str"),
    "maps": ("def forward(self, x): return self.conv(x)", "returns a tensor (batch, 4, 14, 14)"),
    "a branch": ("def forward(self, x): return self.head(x.mean((2, 3))) if x.max() > 0 else x", "branches on values"),
    "a cast": ("def forward(self, x): return self.head(self.conv(x.half()).mean((2, 3)))", "half precision"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_models_end_with_one_message_and_code_2(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    forward, words = BAD[name]
    (tmp_path / "preprocess.toml").write_text(EXAMPLE_TOML.replace("crop = 224", "crop = 16"))
    text = f"class Bad(Net):\n    {forward}\n\ndef bad():\n    return Bad()\n"
    (tmp_path / "model.py").write_text(f"{HEADER}    return net\n\n{text}")

    with pytest.raises(SystemExit) as ended:
        main(["inspect", f"{tmp_path}/model.py:bad", "--preprocess", f"{tmp_path}/preprocess.toml"])

    out, err = capfd.readouterr()
    assert ended.value.code == 2
    assert words in err and "Traceback" not in err and err.startswith("Error: ") and len(err.splitlines()) == 3
    assert out == ""
