"""The inventory of a model, and the notes on its layers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.inventory import LayerRow, describe_choice, take_inventory


class Net(nn.Module):
    """Three stages, the last of which mixes channels by a group norm, a vector, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(6, 6, 1), nn.GroupNorm(2, 6), nn.ReLU())
        self.vector = nn.Sequential(nn.Linear(6, 5), nn.ReLU())
        self.head = nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.third(self.second(self.first(x)))
        return self.head(self.vector(y.mean((2, 3))))


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    """Exports the network for images of 8 x 8 pixels."""
    torch.manual_seed(0)
    return ExportedModel(Net(), (3, 8, 8))


def test_the_inventory_names_what_feeds_each_layer_and_what_cannot_be_traced(model: ExportedModel) -> None:
    inventory = take_inventory(model, select_layers(model, ["first", "second", "third", "vector"]))

    assert inventory.layers == (
        LayerRow("first", "Sequential", 4, 8, 8, stride=1, receptive_field=3, fed_by="image"),
        LayerRow("second", "Sequential", 6, 4, 4, stride=2, receptive_field=5, fed_by="first"),
        LayerRow("third", "Sequential", 6, 4, 4, stride=2, receptive_field=5, fed_by="second"),
        LayerRow("vector", "Sequential", 5, 1, 1, stride=None, receptive_field=None, fed_by="third"),
    )
    assert inventory.output_layer == "head"
    assert list(inventory.untraced) == ["third"]
    assert inventory.untraced["third"].startswith("third.1 (GroupNorm) calls group_norm, which mixes channels")


def test_a_layer_left_out_by_auto_is_noted_unless_it_is_recorded(model: ExportedModel) -> None:
    spatial, all_of_them = select_layers(model, ["first", "second"]), select_layers(model, ["first", "vector"])

    (note,) = describe_choice(model, spatial, is_auto=True)
    assert note.startswith("--layers auto leaves out what has no positions (1 x 1): vector.")
    assert describe_choice(model, all_of_them, is_auto=True) == ()
    assert describe_choice(model, spatial, is_auto=False) == ()


def test_tokens_of_unknown_positions_are_noted() -> None:
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.mix, self.head = nn.Conv2d(3, 4, 1), nn.Conv1d(4, 5, 3), nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.mix(self.first(x).flatten(2)).mean(2))

    model = ExportedModel(Tokens(), (3, 4, 4))
    layers = select_layers(model, ["first", "mix"])

    (note,) = describe_choice(model, layers, is_auto=False)
    assert note.startswith("mix has 14 positions whose places in the image cannot be told")
