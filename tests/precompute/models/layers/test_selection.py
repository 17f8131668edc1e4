"""The choice of recorded layers by name, and the facts about each."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers


class Net(nn.Module):
    """A network of two layers, the second of which is called twice, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4))
        self.block = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.stem(x))
        y = torch.relu(self.block(y))
        return self.head(torch.relu(self.block(y)).mean((2, 3)))


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    """Exports the network for images of 8 x 8 pixels."""
    return ExportedModel(Net(), (3, 8, 8))


def test_layers_come_in_order_from_the_input_whatever_their_order_by_name(model: ExportedModel) -> None:
    layers = select_layers(model, ["head", "block", "stem"])

    assert [layer.name for layer in layers] == ["stem", "block", "head"]


def test_a_layer_has_the_facts_of_its_value_behind_the_nonlinearity(model: ExportedModel) -> None:
    (stem,) = select_layers(model, ["stem"])

    assert stem.module_type == "Sequential"
    assert (stem.n_channels, stem.height, stem.width) == (4, 4, 4)
    assert stem.receptive_field is not None
    assert (stem.receptive_field.size, stem.receptive_field.stride) == (3, 2)
    assert stem.is_placed
    assert "relu" in stem.node.name


def test_the_second_call_of_a_module_has_its_own_name_and_receptive_field(model: ExportedModel) -> None:
    first, second = select_layers(model, ["block", "block@2"])

    assert first.node is not second.node
    assert first.receptive_field is not None and second.receptive_field is not None
    assert (first.receptive_field.size, second.receptive_field.size) == (3 + 2 * 2, 3 + 4 * 2)


def test_a_layer_behind_a_global_pooling_sees_the_whole_image(model: ExportedModel) -> None:
    (head,) = select_layers(model, ["head"])

    assert (head.n_channels, head.height, head.width, head.receptive_field) == (2, 1, 1, None)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["stem", "stem"], "--layers names stem twice"),
        (["stem", "blok"], r"There is no blok\. Near it: block"),
        (["block@3"], r"There is no block@3\. Near it: block"),
        (["zzz"], r"There is no zzz\. Take one of .*block"),
        (["stem", "stem.1"], "stem and stem.1 are the same value"),
    ],
)
def test_names_that_do_not_work_are_errors(model: ExportedModel, names: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        select_layers(model, names)


def test_a_value_without_known_channels_is_refused() -> None:
    class Scattered(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.mix = nn.Conv2d(3, 4, 3, padding=1), nn.Flatten()
            self.head = nn.Linear(4 * 8 * 8, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.mix(self.stem(x)))

    with pytest.raises(InputError, match=r"mix has shape \(.*256\), and which axis is of channels cannot be told"):
        select_layers(ExportedModel(Scattered(), (3, 8, 8)), ["stem", "mix"])
