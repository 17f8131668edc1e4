"""Values that a model may return, and the graph of their logits."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name
from precompute.models.layers.selection import select_layers

SIZE = (3, 16, 16)
Named = namedtuple("Named", "features logits")


@dataclass
class Output:
    features: Tensor
    logits: Tensor


@dataclass
class ModelOutput(OrderedDict[str, Any]):
    """A dataclass whose fields are its items as well, like the outputs of Hugging Face."""

    loss: Tensor | None = None
    logits: Tensor | None = None

    def __post_init__(self) -> None:
        self.update({name: value for name in ("loss", "logits") if (value := getattr(self, name)) is not None})


class Net(nn.Module):
    """Two recorded layers, and an output packed by `pack(maps, logits)`."""

    def __init__(self, pack: Callable[[Tensor, Tensor], Any] = lambda _, logits: logits) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2), nn.ReLU())
        self.head = nn.Linear(6, 5)
        self.pack = pack

    def forward(self, x: Tensor) -> Any:
        maps = self.second(self.first(x))
        return self.pack(maps, self.head(maps.mean((2, 3))))


PACKS: dict[str, Callable[[Tensor, Tensor], Any]] = {
    "tuple": lambda maps, logits: (maps, logits, logits.flip(1)),
    "list": lambda maps, logits: [logits, maps * 2],
    "dict with logits": lambda maps, logits: {"probabilities": logits.softmax(1), "logits": logits, "loss": None},
    "dict with one of two dimensions": lambda maps, logits: {"maps": maps, "scores": logits, "name": "net"},
    "dataclass": lambda maps, logits: Output(maps.mean((2, 3)), logits),
    "named tuple": lambda maps, logits: Named(maps.mean((2, 3)), logits),
    "ordered dict that is a dataclass": lambda maps, logits: ModelOutput(logits=logits),
}


@pytest.mark.parametrize("name", PACKS)
def test_the_logits_are_found_and_the_graph_is_that_of_the_model_alone(name: str) -> None:
    plain, packed = ExportedModel(Net(), SIZE), ExportedModel(Net(PACKS[name]), SIZE)

    assert packed.n_outputs == 5
    assert [get_operator_name(n) for n in packed.graph.nodes] == [get_operator_name(n) for n in plain.graph.nodes]
    assert packed.find_outputs_of_modules().keys() == plain.find_outputs_of_modules().keys()
    images = torch.rand(3, *SIZE)
    expected = Net().eval()(images)
    assert torch.equal(packed.build_sub_graph([packed.output])(images)[0], expected)


def test_modules_go_by_the_paths_that_the_model_gives_them() -> None:
    model = ExportedModel(Net(), SIZE)

    paths = {"first", "first.0", "first.1", "first.2", "second", "second.0", "second.1", "head"}
    assert model.find_outputs_of_modules().keys() == paths
    assert [layer.name for layer in select_layers(model)] == ["first", "second"]


def test_a_module_called_model_keeps_its_name() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = nn.Sequential(OrderedDict(model=Net(PACKS["tuple"])))

        def forward(self, x: Tensor) -> Any:
            return self.model(x)

    assert {"model.model", "model.model.first.0"} <= ExportedModel(Outer(), SIZE).find_outputs_of_modules().keys()


UNUSABLE: dict[str, tuple[Callable[[Tensor, Tensor], Any], str]] = {
    "nothing": (lambda *_: None, r"returns None"),
    "a string": (lambda *_: "cat", r"returns a str"),
    "maps": (lambda maps, _: maps, r"returns a tensor \(batch, 6, 6, 6\)"),
    "one number": (lambda _, logits: logits.sum(), r"a tensor without dimensions"),
    "sums over the batch": (lambda _, logits: logits.sum(0, keepdim=True), r"returns a tensor \(1, 5\)"),
    "an empty dict": (lambda *_: {}, r"returns a dict of nothing"),
    "logits that are maps": (lambda maps, _: {"logits": maps}, r"dict of logits: a tensor \(batch, 6, 6, 6\)"),
    "a tuple without logits": (lambda maps, _: (maps, None), r"a tuple of a tensor \(batch, 6, 6, 6\), None"),
    "two candidates": (
        lambda maps, logits: {"coarse": logits, "fine": logits * 2, "maps": maps},
        r"coarse: a tensor \(batch, 5\), fine: a tensor \(batch, 5\), maps: a tensor \(batch, 6, 6, 6\)\. "
        r"Call one of them logits",
    ),
    "a constant": (lambda *_: torch.zeros(2, 5), r"returns a tensor \(2, 5\)"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_output_without_logits_is_described_by_its_shapes(name: str) -> None:
    pack, message = UNUSABLE[name]
    with pytest.raises(InputError, match=message):
        ExportedModel(Net(pack), SIZE)


def test_the_output_layer_is_the_last_one_with_weights() -> None:
    convolutional = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )

    assert ExportedModel(Net(), SIZE).output_layer == "head"
    assert ExportedModel(convolutional, SIZE).output_layer == "1"
