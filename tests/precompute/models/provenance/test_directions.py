"""Directions of elementwise operators and ranges of values, of functions whose answer is plain."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.directions import Directions, Range, is_elementwise
from tests.support.between_layers import Function

UP, DOWN, NONE = [1, 1, 1], [-1, -1, -1], None

DIRECTIONS: dict[str, tuple[Callable[[Tensor], Tensor], list[int] | None]] = {
    "sigmoid": (torch.sigmoid, UP),
    "gelu": (functional.gelu, UP),  # it dips a little
    "silu": (functional.silu, UP),
    "leak": (lambda x: functional.leaky_relu(x, 0.1), UP),
    "steep on both sides": (lambda x: functional.leaky_relu(x, -0.8), NONE),
    "minus": (torch.neg, DOWN),
    "exponential of minus": (lambda x: torch.exp(-x), UP),  # in -x, which it reads
    "absolute value": (torch.abs, NONE),
    "cosine": (torch.cos, NONE),
    "absolute value of a relu": (lambda x: torch.abs(torch.relu(x)), UP),
    "square of what is never positive": (lambda x: torch.square(-torch.relu(x)), DOWN),
    "by channel": (lambda x: torch.relu(x) * torch.tensor([2.0, -1.0, 0.0]).view(3, 1, 1), [1, -1, 0]),
    "by column": (lambda x: x * torch.linspace(-1, 1, 4), NONE),  # another sign at each column
    "reciprocal": (torch.reciprocal, NONE),  # it falls, but jumps at 0
    "reciprocal of positive numbers": (lambda x: torch.reciprocal(torch.sigmoid(x)), DOWN),
    "constant": (lambda x: torch.clamp(x, 2.0, 2.0), [0, 0, 0]),
}
RANGES: dict[str, tuple[Callable[[Tensor], Tensor], float, float]] = {
    "relu": (torch.relu, 0, math.inf),
    "relu6": (functional.relu6, 0, 6),
    "minus a relu": (lambda x: -torch.relu(x), -math.inf, 0),
    "tanh": (torch.tanh, -1, 1),
    "scaled sigmoid": (lambda x: 3 * torch.sigmoid(x) + 1, 1, 4),
    "sum": (lambda x: torch.sigmoid(x) + torch.relu(x), 0, math.inf),
    "product": (lambda x: -torch.sigmoid(x) * torch.relu(x), -math.inf, 0),
    "product of both signs": (lambda x: torch.tanh(x) * torch.sigmoid(x), -math.inf, math.inf),  # the sign alone
    "pooling": (lambda x: functional.max_pool2d(torch.sigmoid(x) + 2, 2), 0, 3),  # 0 where it might pad
    "both halves": (lambda x: torch.cat([torch.relu(x), -torch.relu(x)], 1)[:, :3], -math.inf, math.inf),
    "softmax": (lambda x: torch.softmax(x, 1), 0, 1),
}
OTHERS: dict[str, Callable[[Tensor], Tensor]] = {
    "product with another": lambda x: x * torch.relu(x),
    "product with itself": lambda x: (y := torch.relu(x)) * y,
    "max pooling": lambda x: functional.max_pool2d(x, 2),
}


class Applied(nn.Module):
    """A network that applies many functions to the three channels of a convolution."""

    def __init__(self, functions: Mapping[str, Callable[[Tensor], Tensor]]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.applied = nn.ModuleDict({name: Function(function) for name, function in functions.items()})

    def forward(self, x: Tensor) -> Tensor:
        value = self.conv(x)
        return torch.stack([function(value).mean((2, 3)) for function in self.applied.values()]).sum(0)


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    """Exports one network of all functions."""
    functions = {name: case[0] for name, case in (DIRECTIONS | RANGES).items()}
    return ExportedModel(Applied(functions | OTHERS), (3, 4, 4))


@pytest.fixture(scope="module")
def nodes(model: ExportedModel) -> Mapping[str, fx.Node]:
    """Finds the value of each function."""
    return {path.removeprefix("applied."): node for path, node in model.find_outputs_of_modules().items()}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_directions(name: str, model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    direction = Directions(model).find(nodes[name])

    assert (None if direction is None else direction.tolist()) == DIRECTIONS[name][1]


@pytest.mark.parametrize("name", RANGES)
def test_ranges(name: str, model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    _, low, high = RANGES[name]

    assert Directions(model).find_range(nodes[name]) == pytest.approx(Range(low, high), abs=1e-3)


@pytest.mark.parametrize(("name", "sign"), [("relu", 1), ("minus a relu", -1), ("tanh", None)])
def test_the_sign_of_a_value(name: str, sign: int | None, model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    assert Directions(model).find_sign(nodes[name]) == sign


def test_an_operator_of_two_values_is_not_elementwise(model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    assert not is_elementwise(model, nodes["product with another"])
    assert is_elementwise(model, nodes["product with itself"])  # of one value, which it reads twice
    assert not is_elementwise(model, nodes["max pooling"])


def test_joined_ranges_hold_both() -> None:
    assert Range(-1, 2).join(Range(0, 5)) == Range(-1, 5)
    assert Range(0, 1).join(Range()) == Range(-math.inf, math.inf)
