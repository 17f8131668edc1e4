"""Modules that are called several times, layers that auto leaves out, and models that have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from typer.testing import CliRunner

from precompute.aggregate.recording import Recorder
from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from summit_dash.cli import app
from tests.support.small import write_small
from tests.support.validation import validate

MODELS = """
import torch
from torch import nn


def unit(n_in, n_out, stride=1):
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride, 1), nn.ReLU())


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(unit(3, 6), unit(6, 8, 2))
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(torch.cat([self.backbone(one).mean((2, 3)) for one in (x, x.flip(3))], 1))


class Vectors(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.pool = unit(3, 6), nn.AdaptiveAvgPool2d(1)
        self.small = nn.Sequential(nn.Conv2d(6, 5, 1), nn.ReLU())
        self.classifier = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))

    def forward(self, x):
        return self.classifier(self.small(self.pool(self.stem(x))).flatten(1))


def siamese():
    torch.manual_seed(0)
    return Siamese()


def vectors():
    return Vectors()


def perceptron():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 24 * 24, 7), nn.ReLU(), nn.Linear(7, 3))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small(tmp_path)
    (tmp_path / "any.py").write_text(MODELS)
    return tmp_path


def build_unit(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride, 1), nn.ReLU())


class Repeated(nn.Module):
    """A module that a function calls several times."""

    def __init__(self, shared: nn.Module, forward: Callable[[nn.Module, Tensor], Tensor], n_out: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.shared, self.head, self._function = shared, nn.Linear(n_out, 3), forward

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self._function(self.shared, x))


def join_flips(shared: nn.Module, x: Tensor) -> Tensor:
    return torch.cat([shared(x).mean((2, 3)), shared(x.flip(3)).mean((2, 3))], 1)


def add_scales(shared: nn.Module, x: Tensor) -> Tensor:
    return shared(x).mean((2, 3)) + shared(functional.avg_pool2d(x, 2)).mean((2, 3))


def add_crops(shared: nn.Module, x: Tensor) -> Tensor:
    return sum(shared(part).amax((2, 3)) for part in (x[..., :8, :8], x[..., 8:, 8:], x[..., :8, 8:]))  # type: ignore[return-value]


def call_again(shared: nn.Module, x: Tensor) -> Tensor:
    for _ in range(4):
        x = shared(x)
    return x.mean((2, 3))


REPEATED: dict[str, tuple[nn.Module, list[str]]] = {
    "flips": (
        Repeated(nn.Sequential(build_unit(3, 6), build_unit(6, 8, 2)), join_flips, 16),
        ["shared.0", "shared.1", "shared.0@2", "shared.1@2"],
    ),
    "scales": (
        Repeated(nn.Sequential(build_unit(3, 6), build_unit(6, 8, 2)), add_scales, 8),
        ["shared.0", "shared.1", "shared.0@2", "shared.1@2"],
    ),
    "crops": (Repeated(build_unit(3, 6), add_crops, 6), ["shared", "shared@2", "shared@3"]),
    "one after another": (Repeated(build_unit(3, 3), call_again, 3), ["shared", "shared@2", "shared@3", "shared@4"]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_every_call_of_a_module_is_a_layer(name: str) -> None:
    model, names = REPEATED[name]
    exported = ExportedModel(model, (3, 16, 16))
    layers = select_layers(exported)
    assert [layer.name for layer in layers] == names
    assert {layer.module_type for layer in layers} == {"Sequential"}
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    seen: dict[str, list[Tensor]] = {}
    hooks = [
        module.register_forward_hook(lambda _, __, value, path=path: seen.setdefault(path, []).append(value))
        for path, module in model.named_modules()
        if path in names
    ]
    with torch.no_grad():
        model.eval()(images)
    for hook in hooks:
        hook.remove()
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(exported, layers, [], parallel)(images).values
    for layer in layers:
        path, _, number = layer.name.partition("@")
        expected = seen[path][int(number or 1) - 1]
        assert torch.allclose(values[layer.node], expected, atol=1e-5)
    links = derive_links(exported, layers)
    assert [link.problem for link in links] == [None] * len(links)
    assert check_links(exported, links, 100).failures == ()


def test_one_call_of_several_is_named() -> None:
    model, _ = REPEATED["one after another"]
    layers = select_layers(ExportedModel(model, (3, 16, 16)), ["shared@3", "shared"])
    assert [layer.name for layer in layers] == ["shared", "shared@3"]
    with pytest.raises(InputError, match=r"NAME@2 is the second call of NAME. There is no shared@5. Near it: shared"):
        select_layers(ExportedModel(model, (3, 16, 16)), ["shared@5"])


def test_a_run_over_both_calls_of_a_backbone(folder: Path) -> None:
    arguments = [
        *("precompute", f"{folder}/any.py:siamese", f"{folder}/images", "--preprocess", f"{folder}/input.toml"),
        *("--layers", "backbone.0@2,backbone@2,backbone", "--stages", "aggregate,graphs", "--out", f"{folder}/run"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    manifest = read_manifest(folder / "run")
    assert manifest["layers"] == ["backbone", "backbone.0@2", "backbone@2"]
    assert [(link["target"], link["sources"]) for link in manifest["links"]] == [("backbone@2", ["backbone.0@2"])]
    assert [str(finding) for finding in validate(folder / "run")] == []


def inspect_model(folder: Path, name: str, *options: str) -> str:
    arguments = ["inspect", f"{folder}/any.py:{name}", "--preprocess", f"{folder}/input.toml", *options]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_inspect_names_what_auto_leaves_out(folder: Path) -> None:
    said = inspect_model(folder, "vectors")
    assert "--layers auto leaves out what has no positions (1 x 1): small, classifier.0." in said
    assert "Name it with --layers" in said
    named = inspect_model(folder, "vectors", "--layers", "stem,small,classifier.0")
    assert "leaves out" not in named
    assert "classifier.0 Linear 4 1 1" in named


def test_a_run_names_what_auto_leaves_out(folder: Path) -> None:
    arguments = [
        *("precompute", f"{folder}/any.py:vectors", f"{folder}/images", "--preprocess", f"{folder}/input.toml"),
        *("--stages", "aggregate", "--out", f"{folder}/run"),
    ]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "leaves out what has no positions (1 x 1): small, classifier.0." in " ".join(result.output.split())


def test_the_message_for_a_model_without_layers_at_positions_names_others(folder: Path) -> None:
    with pytest.raises(InputError) as refused:
        CliRunner().invoke(
            app,
            ["inspect", f"{folder}/any.py:perceptron", "--preprocess", f"{folder}/input.toml"],
            catch_exceptions=False,
        )
    assert "can be named: 1 (Linear), 2 (ReLU), 3 (Linear)." in refused.value.found
    assert refused.value.fix == "Name them, such as --layers 1."
    assert "inspect" not in str(refused.value)


def test_the_message_for_a_model_without_modules_asks_for_some() -> None:
    class Bare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 3, 3, 3))

        def forward(self, x: Tensor) -> Tensor:
            return functional.conv2d(x, self.weight).mean((2, 3))

    for names in (None, ["weight"]):
        with pytest.raises(InputError, match="Split its forward into modules"):
            select_layers(ExportedModel(Bare(), (3, 16, 16)), names)
