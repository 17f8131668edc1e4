"""The rules of layer-wise relevance propagation for one layer: by hand, and against the slow reference."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx, nn

from precompute.contract.errors import InputError
from precompute.explanations.backward.rules import Rule, parse_rule, stabilize
from precompute.explanations.backward.step import Step
from precompute.explanations.backward.weighted import Weighted, read_weighted
from precompute.explanations.explainer import Explainer
from tests.reference.relevance import build_matrix, share
from tests.support.explained import build_explainer

RULES = ("epsilon", "gamma:0.5", "alpha_beta:1,0", "alpha_beta:2,1", "z_plus", "flat", "w_square", "z_box")


class Line(nn.Module):
    """One linear layer of two inputs, 2 x - 3 y + 1, and another class that is never explained."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(2, 2)
        with torch.no_grad():
            self.dense.weight[:] = torch.tensor([[2.0, -3.0], [0.0, 0.0]])
            self.dense.bias[:] = torch.tensor([1.0, 0.0])

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x.flatten(1))


@pytest.fixture(scope="module")
def line() -> Explainer:
    return build_explainer(Line(), (1, 1, 2))


def read_layer(explainer: Explainer, images: Tensor, operator: str) -> Weighted:
    """Reads the first layer of an operator, at the values of some images."""
    values = explainer.record(images)
    nodes: list[fx.Node] = [
        n for n in explainer.exported.graph.nodes if operator in str(n.target) and n.op != "get_attr"
    ]
    return read_weighted(Step(explainer.exported, nodes[0], values))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # The inputs are 4 and 1, so the contributions are 8, -3 and 1 of the bias, in all 6; the relevance is 12.
        ("epsilon", [16.0, -6.0]),  # 8/6 and -3/6
        ("epsilon:2", [12.0, -4.5]),  # 8/8 and -3/8
        ("z_plus", [32 / 3, 0.0]),  # 8/9 and 0
        ("alpha_beta:1,0", [32 / 3, 0.0]),
        ("alpha_beta:2,1", [64 / 3, -12.0]),  # 2 * 8/9, and all of what is negative
        ("gamma:1", [12 * 16 / 15, 12 * -3 / 15]),  # 16, -3 and 2 of the bias
        ("flat", [6.0, 6.0]),
        ("w_square", [12 * 4 / 13, 12 * 9 / 13]),
        # Between -5 and 5: 8 + 2 * 5 = 18, and -3 + 3 * 5 = 12.
        ("z_box", [12 * 18 / 30, 12 * 12 / 30]),
    ],
)
def test_rules_share_relevance_as_written_out(line: Explainer, rule: str, expected: list[float]) -> None:
    image = torch.tensor([4.0, 1.0]).view(1, 1, 1, 2)
    layer = read_layer(line, image, "linear")
    bounds = torch.tensor([[-5.0, -5.0]]), torch.tensor([[5.0, 5.0]])
    found = parse_rule(rule).redistribute(layer, torch.tensor([[12.0, 0.0]]), bounds)
    torch.testing.assert_close(found, torch.tensor([expected]), rtol=1e-5, atol=1e-5)


class Convolutions(nn.Module):
    """A strided, padded, grouped, dilated convolution, and a product with a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2)
        self.second = nn.Conv2d(4, 3, 2, dilation=2, padding="same")
        self.matrix = nn.Parameter(torch.randn(12, 2))

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x)).flatten(1) @ self.matrix


@pytest.fixture(scope="module")
def convolutions() -> Explainer:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return build_explainer(Convolutions(), (2, 4, 4))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("number", [0, 1, 2])
def test_rules_equal_the_reference(convolutions: Explainer, rule: str, number: int) -> None:
    """Inputs have both signs; `flat` alone is restricted to layers in which every weight counts."""
    generator = torch.Generator().manual_seed(5)
    image = torch.randn(1, 2, 4, 4, generator=generator)
    values = convolutions.record(image)
    found = [n for n in convolutions.exported.graph.nodes if n.op == "call_function" and read_is_weighted(n)]
    layer = read_weighted(Step(convolutions.exported, found[number], values))
    relevance = torch.randn(layer.output.shape, generator=generator)
    box = -torch.full_like(layer.input, 3.0), torch.full_like(layer.input, 3.0)

    def apply(value: Tensor) -> Tensor:
        return Step(convolutions.exported, found[number], values).apply({layer.source: value.float()}).double()

    matrix = build_matrix(apply, layer.input.shape[1:])
    expected = share(
        rule, layer.input.flatten().tolist(), matrix, relevance.flatten().tolist(), [b.flatten().tolist() for b in box]
    )
    actual = parse_rule(rule).redistribute(layer, relevance, box).flatten().double()
    torch.testing.assert_close(actual, torch.tensor(expected).double(), rtol=2e-3, atol=1e-3)


def read_is_weighted(node: fx.Node) -> bool:
    return any(name in str(node.target) for name in ("conv2d", "matmul", "mm."))


def test_rules_are_read_with_their_numbers() -> None:
    assert parse_rule("gamma") == Rule("gamma", (0.25,))
    assert parse_rule("alpha_beta:3,2") == Rule("alpha_beta", (3.0, 2.0))
    assert str(parse_rule("alpha_beta:2,1")) == "alpha_beta:2,1"
    assert str(parse_rule("flat")) == "flat"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gama", r"A rule is one of epsilon.*Found gama\. Did you mean gamma\?"),
        ("gamma:a", r"The rule gamma has 1 numbers.*Found gamma:a\. The default is gamma:0\.25"),
        ("gamma:-1", "Found gamma:-1"),
        ("alpha_beta:2,2", "two numbers that are not negative, the first greater by 1"),
        ("flat:1", "Found flat:1"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_rule(text)


def test_denominators_move_away_from_zero() -> None:
    assert stabilize(torch.tensor([0.0, 1.0, -1.0]), 0.5).tolist() == [0.5, 1.5, -1.5]
