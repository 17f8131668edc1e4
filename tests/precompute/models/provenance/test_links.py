"""Links between recorded layers, of small networks and of known families."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from tests.support.between_layers import link_layers, make_conv
from tests.support.dispatches import count_dispatches

ALL = 1_000  # channels to intervene on: every one


def test_a_layer_fed_by_two_has_both_as_sources() -> None:
    class Skipping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = make_conv(3, 4), make_conv(4, 4), make_conv(8, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            first = torch.relu(self.first(x))
            second = torch.relu(self.second(first))
            return self.head(torch.relu(self.third(torch.cat([first, second], 1))).mean((2, 3)))

    exported, links = link_layers(Skipping(), ["first", "second", "third"])
    assert [[source.name for source in link.sources] for link in links] == [["first"], ["first", "second"]]
    assert check_links(exported, links, ALL).failures == ()


def test_layers_that_the_image_alone_feeds_have_no_link() -> None:
    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = make_conv(3, 4), make_conv(3, 4), make_conv(4, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            value = torch.relu(self.first(x)) + torch.relu(self.second(x))
            return self.head(torch.relu(self.third(value)).mean((2, 3)))

    _, links = link_layers(Parallel(), ["first", "second", "third"])

    (link,) = links
    assert link.target.name == "third"
    assert [source.name for source in link.sources] == ["first", "second"]


def test_a_link_that_cannot_be_traced_has_its_sources_in_order() -> None:
    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = make_conv(3, 4), make_conv(4, 4), nn.GroupNorm(2, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            first = torch.relu(self.first(x))
            return self.head(self.third(torch.relu(self.second(first)) + first).mean((2, 3)))

    _, links = link_layers(Normed(), ["first", "second", "third"])

    assert [(link.channels is None, link.problem is None) for link in links] == [(False, True), (True, False)]
    assert [source.name for source in links[1].sources] == ["first", "second"]


@functools.cache
def export(name: str) -> ExportedModel:
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    torch.manual_seed(0)
    return ExportedModel(models.get_model(name, weights=None, **options), (3, 64, 64))


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "googlenet",
        "squeezenet1_1",
        "mobilenet_v3_small",
        "shufflenet_v2_x0_5",
        "regnet_y_400mf",
        "mnasnet0_5",
    ],
)
def test_interventions_on_known_families(name: str) -> None:
    exported = export(name)
    layers = select_layers(exported)
    links = derive_links(exported, layers)
    assert [link.target.name for link in links] == [layer.name for layer in layers[1:]]
    assert [link.problem for link in links] == [None] * len(links)
    report = check_links(exported, links, n_channels=1)
    assert report.failures == ()
    assert report.n_links == len(layers) - 1


RESIDUAL = functools.partial(models.ResNet, models.resnet.BasicBlock, [1, 1, 1, 1])
DENSE = functools.partial(models.DenseNet, growth_rate=16, block_config=(2, 3), num_init_features=32)
"""A short ResNet-18 and a short DenseNet121: their blocks are those of the long ones, which take half a minute."""


@pytest.mark.parametrize("build", [RESIDUAL, DENSE, "googlenet", "mobilenet_v3_small"])
def test_the_operations_of_the_pass_do_not_depend_on_the_number_of_images(
    build: str | Callable[[], nn.Module],
) -> None:
    exported = export(build) if isinstance(build, str) else ExportedModel(build(), (3, 64, 64))
    few, many = count_dispatches(exported, select_layers(exported), (1, 64))
    assert 0 < many <= 1.1 * few
