"""Constants that scale channels, read off the graph of a small network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, fx, nn

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name
from precompute.models.provenance.factors import (
    read_coefficients,
    read_factor,
    read_norm_scale,
    strip_positive_factors,
)

Function = Callable[[Tensor, Tensor], Tensor]

COEFFICIENTS: dict[str, tuple[Function, list[float]]] = {
    "sum": (lambda a, b: a + b, [1, 1]),
    "alpha": (lambda a, b: torch.add(a, b, alpha=3), [1, 3]),
    "difference": (lambda a, b: torch.sub(a, b, alpha=0.5), [1, -0.5]),
    "negation": (lambda a, b: -(a * b), [-1]),
    "one less": (lambda a, b: 1 - a * b, [-1]),
    "a constant": (lambda a, b: a * b + 4, [1]),
    "one operand twice": (lambda a, b: torch.add(y := a * b, y, alpha=2), [3]),
}
FACTORS: dict[str, tuple[Function, list[float] | None]] = {
    "number": (lambda a, b: a * b * 3, [3, 3]),
    "quotient": (lambda a, b: (a + b) / 4, [0.25, 0.25]),
    "per channel": (lambda a, b: (a + b) * torch.tensor([2.0, -1.0]).view(2, 1, 1), [2, -1]),
    "quotient per channel": (lambda a, b: (a + b) / torch.tensor([2.0, -4.0]).view(1, 2, 1, 1), [0.5, -0.25]),
    "per column": (lambda a, b: (a + b) * torch.linspace(1, 2, 4), None),
    "per position": (lambda a, b: (a + b) * torch.ones(2, 4, 4).cumsum(2), None),
    "rounded": (lambda a, b: torch.div(a + b, 2, rounding_mode="floor"), None),
    "divided by the value": (lambda a, b: torch.div(torch.tensor(2.0), torch.exp(a + b)), None),
}
PRODUCTS: dict[str, tuple[Function, str]] = {
    "positive": (lambda a, b: (a + b) * 2 * 0.5, "add"),
    "negative in between": (lambda a, b: (a + b) * -1 * 0.5, "mul"),
    "of two values": (lambda a, b: torch.exp(a) * b * 2, "mul"),
}


class Applied(nn.Module):
    """A function of two values as a module."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self._function = function

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self._function(a, b)


class Net(nn.Module):
    """A network that applies many functions to two convolutions, one of them behind a batch norm."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 1)
        self.norm = nn.BatchNorm2d(2, eps=0.25)
        self.applied = nn.ModuleDict({name: Applied(function) for name, function in functions.items()})
        with torch.no_grad():
            self.norm.weight.copy_(torch.tensor([3.0, -1.0]))
            self.norm.running_var.copy_(torch.tensor([2.0, 0.75]))  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.norm(self.a(x)), self.b(x)
        return torch.stack([function(a, b).mean((2, 3)) for function in self.applied.values()]).sum(0)


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    """Exports one network of all functions."""
    return ExportedModel(Net({name: case[0] for name, case in (COEFFICIENTS | FACTORS | PRODUCTS).items()}), (3, 4, 4))


@pytest.fixture(scope="module")
def nodes(model: ExportedModel) -> Mapping[str, fx.Node]:
    """Finds the value of each module."""
    return {path.removeprefix("applied."): node for path, node in model.find_outputs_of_modules().items()}


@pytest.mark.parametrize("name", COEFFICIENTS)
def test_coefficients_of_sums(name: str, model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    assert list(read_coefficients(model, nodes[name]).values()) == COEFFICIENTS[name][1]


@pytest.mark.parametrize("name", FACTORS)
def test_factors_of_channels(name: str, model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    factor = read_factor(model, nodes[name])

    assert (None if factor is None else factor.tolist()) == FACTORS[name][1]


def test_a_batch_norm_scales_by_its_gain_over_the_spread(model: ExportedModel, nodes: Mapping[str, fx.Node]) -> None:
    (norm,) = nodes["norm"].all_input_nodes  # of its several results the module returns the first
    scale = read_norm_scale(model, norm)

    assert scale.dtype == torch.float64
    assert scale.tolist() == pytest.approx([3 / 1.5, -1 / 1])  # the root of variance + 0.25


@pytest.mark.parametrize("name", PRODUCTS)
def test_positive_factors_are_stripped_and_others_are_kept(
    name: str, model: ExportedModel, nodes: Mapping[str, fx.Node]
) -> None:
    found = strip_positive_factors(model, nodes[name])

    assert found is not nodes[name]
    assert get_operator_name(found) == PRODUCTS[name][1]
