"""Cut models: they say what the head says of the layer, keep the names of their layers, and lose what comes later."""

from __future__ import annotations

import functools
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loaded import ModelConfig
from precompute.transfer.head_modules import HeadPlan
from precompute.transfer.truncation import Recipe, build_recipe, cut_module

SIZE = (3, 12, 12)


class Block(nn.Module):
    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.mix(x)))


class Mixed(nn.Module):
    """A module called twice, a norm and an in-place ReLU behind a convolution, and a tail of several modules."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.stem = nn.Conv2d(3, 6, 3)
        self.norm = nn.BatchNorm2d(6)
        self.act = nn.ReLU(inplace=True)
        self.twice = Block(6, 6)
        self.stages = nn.Sequential(Block(6, 8), Block(8, 8), Block(8, 4))
        self.unused = nn.Linear(7, 7)
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(4, 5))
        for each in self.modules():
            if isinstance(each, nn.BatchNorm2d):
                nn.init.normal_(each.running_mean, std=0.2)
                nn.init.uniform_(each.weight, 0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.stem(x)))
        x = self.twice(x) + self.twice(0.5 * x)
        x = self.stages(x).mul_(2.0)
        return self.head(functional.adaptive_avg_pool2d(x, 1))


@functools.cache
def export_mixed() -> ExportedModel:
    return ExportedModel(Mixed(), SIZE)


def cut_at(layer_name: str, pooling: str = "mean") -> tuple[ExportedModel, Any, nn.Module, Recipe]:
    """Returns the model's graph, the layer, the cut model, and its recipe."""
    model = export_mixed()
    (layer,) = select_layers(model, [layer_name])
    plan = HeadPlan("linear", layer.n_channels, 3, pooling)
    recipe = build_recipe(ModelConfig("demo"), model, layer, plan)
    torch.manual_seed(3)
    return model, layer, cut_module(Mixed().eval(), recipe), recipe


@pytest.mark.parametrize("pooling", ["mean", "max", "both"])
@pytest.mark.parametrize("layer_name", ["stem", "norm", "twice", "twice@2", "stages.0", "stages.1", "stages"])
def test_logits_are_those_of_the_head_on_the_layer(layer_name: str, pooling: str) -> None:
    model, layer, module, _ = cut_at(layer_name, pooling)
    images = torch.randn(4, *SIZE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (maps,) = model.build_sub_graph([layer.node])(images)
        pooled = {"mean": [maps.mean((2, 3))], "max": [maps.amax((2, 3))]}
        pooled["both"] = pooled["mean"] + pooled["max"]
        expected = module.transfer_head.linear(torch.cat(pooled[pooling], 1))
        torch.testing.assert_close(module(images), expected)
        torch.testing.assert_close(module(images[:1]), expected[:1])


def test_what_begins_behind_the_cut_has_no_weights_left() -> None:
    *_, module, recipe = cut_at("stages.0")
    assert recipe.removed == {"stages.1": (8, 10, 10), "stages.2": (4, 10, 10), "head": (5,)}
    kept = {name.partition(".")[0] for name in module.state_dict()}
    assert kept == {"stem", "norm", "twice", "stages", "unused", "transfer_head"}
    assert not [name for name in module.state_dict() if name.startswith(("stages.1", "stages.2", "head"))]


def test_the_cut_model_is_read_as_a_graph_with_the_same_layers() -> None:
    model, _, module, _ = cut_at("stages.1")
    names = ["stem", "twice", "stages.0", "stages.1"]
    cut = ExportedModel(module, SIZE)
    before, after = (
        [(each.name, each.module_type, each.n_channels) for each in select_layers(one, names)] for one in (model, cut)
    )
    assert after == before and [each.name for each in select_layers(cut)][-1] == "stages.1"
    images = torch.randn(3, *SIZE)
    with torch.no_grad():
        torch.testing.assert_close(cut.build_sub_graph([cut.output])(images)[0], module(images))
    assert cut.n_outputs == 3
    targets = {str(node.target) for node in cut.graph.nodes if node.op == "get_attr"}
    assert not any("stages.2" in target for target in targets)


def test_a_model_that_has_changed_is_refused() -> None:
    *_, recipe = cut_at("stages.1")
    with pytest.raises(InputError, match="demo has changed"):
        cut_module(nn.Sequential(nn.Conv2d(3, 4, 3)), recipe)
    with pytest.raises(InputError, match="demo has changed"):
        cut_module(Mixed(), replace(recipe, removed={"gone.for": (3,)}))


def test_a_recipe_is_plain_data() -> None:
    *_, recipe = cut_at("norm")
    assert recipe.is_followed and (recipe.module, recipe.call) == ("norm", 1)
    assert eval(repr(asdict(recipe))) == asdict(recipe)
