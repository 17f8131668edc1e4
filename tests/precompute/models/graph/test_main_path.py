"""The main path of products and quotients, without their gates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, fx, nn

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.main_path import find_main_inputs
from precompute.models.graph.operators import get_operator_name


class Gated(nn.Module):
    """A sum of products and quotients of two maps; a marker of its own follows each of them.

    Args:
        cases: the products and quotients, by name.
    """

    def __init__(self, cases: dict[str, Callable[[Tensor, Tensor], Tensor]]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.one, self.other, self.head = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1), nn.Linear(4, 2)
        self.markers = nn.ModuleDict({name: nn.ReLU() for name in cases})
        self.cases = cases

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.one(x), self.other(x)
        marked = [self.markers[name](case(one, other)) for name, case in self.cases.items()]
        return self.head(torch.stack(marked).sum(0).mean((2, 3)))


CASES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "factor_per_channel": lambda one, other: one * other.mean((2, 3), keepdim=True),
    "factor_per_position": lambda one, other: other.amax(1, keepdim=True) * one,
    "sigmoid": lambda one, other: other.sigmoid() * one,
    "scaled_sigmoid": lambda one, other: one * (2 * other.sigmoid() - 1),
    "relu_of_tanh": lambda one, other: one * other.tanh().relu(),
    "equals": lambda one, other: one * other,
    "both_squashed": lambda one, other: one.sigmoid() * other.tanh(),
    "square": lambda one, other: one * one,
    "scale": lambda one, other: one * 3,
    "quotient": lambda one, other: one / (1 + other * other),
    "reciprocal": lambda one, other: 2 / (1 + one.abs()),
    "sum": lambda one, other: other + one,
}
WITHOUT_GATE = {"equals": ["one", "other"], "both_squashed": ["one", "other"], "sum": ["other", "one"]}


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    return ExportedModel(Gated(CASES), (3, 6, 6))


def find_convolution(model: ExportedModel, node: fx.Node) -> str:
    """Finds the convolution that a value comes from."""
    while get_operator_name(node) != "conv2d":
        (node, *_) = model.find_inputs(node)
    return "one" if node is next(n for n in model.graph.nodes if get_operator_name(n) == "conv2d") else "other"


@pytest.mark.parametrize("name", CASES)
def test_a_gate_is_not_on_the_main_path(name: str, model: ExportedModel) -> None:
    (node,) = model.find_inputs(model.find_outputs_of_modules()[f"markers.{name}"])
    assert [find_convolution(model, one) for one in find_main_inputs(model, node)] == WITHOUT_GATE.get(name, ["one"])
