"""DeepLIFT: multipliers by hand, against the slow reference, and complete through every kind of operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.explanations.backward.difference import compute_slope, pull_quotient, pull_softmax
from precompute.explanations.backward.walks import WALKS, Walk
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from tests.reference.relevance import build_matrix, compute_multipliers
from tests.support.explained import build_explainer

TARGETS = [Target(0), Target(1, 2), Target(2)]


def walk(module: nn.Module, images: Tensor, reference: str | Tensor = "black") -> Walk:
    explainer = build_explainer(module, tuple(images.shape[1:]))
    return WALKS["deeplift"](explainer, images, TARGETS[: len(images)], {"reference": reference})


def test_a_relu_has_the_slope_between_image_and_reference() -> None:
    """2 x - 1 is 5 for x = 3, and -3 for the reference -1; the ReLU rises by 5 of 8, all by way of x."""
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(1, 2, bias=False))
    with torch.no_grad():
        module[0].weight[:], module[0].bias[:], module[3].weight[:] = 2.0, -1.0, torch.tensor([[4.0], [0.0]])
    found = walk(module, torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1), -1.0))
    assert found.run().item() == pytest.approx(4 * 5 / 8 * 2 * 4)
    assert found.scores.item() == pytest.approx(20)
    assert found.reference_scores is not None
    assert found.reference_scores.item() == 0


def test_contributions_equal_the_reference() -> None:
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 3, 2), nn.Conv2d(3, 4, 2, padding=1), nn.Linear(64, 3)
    module = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), nn.Flatten(), layers[2])
    image, reference = torch.randn(2, 1, 2, 4, 4)
    found = walk(module, image, reference)
    shapes = [(2, 4, 4), (3, 3, 3), (64,)]
    wide = [layer.double() for layer in layers]
    matrices = [build_matrix(layer, shape) for layer, shape in zip(wide, shapes, strict=True)]
    matrices[-1] = matrices[-1][0][:1], matrices[-1][1][:1]
    expected = compute_multipliers(matrices, image.flatten().tolist(), reference.flatten().tolist())
    torch.testing.assert_close(found.run().flatten(), torch.tensor(expected), rtol=1e-3, atol=1e-5)


class Parts(nn.Module):
    """A convolution, functions of it beside each other, and three classes of each."""

    def __init__(self, parts: Sequence[Callable[[Tensor], Tensor] | nn.Module]) -> None:
        super().__init__()
        self.first, self.parts = nn.Conv2d(3, 8, 3, padding=1), parts
        self.modules_of_parts = nn.ModuleList([part for part in parts if isinstance(part, nn.Module)])
        self.heads = nn.ModuleList([nn.LazyLinear(3) for _ in parts])

    def forward(self, x: Tensor) -> Tensor:
        first = self.first(x)
        return torch.cat(
            [head(part(1 * first).flatten(1)) for part, head in zip(self.parts, self.heads, strict=True)], 1
        )


class Reused(nn.Module):
    """One module called twice, a function in place, and a residual addition."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.mix = nn.ReLU(inplace=True), nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.relu(self.mix(self.relu(x)))
        return functional.relu_(self.mix(first) + first)


PARTS: dict[str, Callable[[], Callable[[Tensor], Tensor] | nn.Module]] = {
    "reused": Reused,
    "overlapping maxima": lambda: nn.MaxPool2d(3, 1, 1),
    "greatest of all": lambda: lambda x: x.amax((2, 3)),
    "least of all": lambda: lambda x: x.amin((2, 3)),
    "adaptive maxima": lambda: nn.AdaptiveMaxPool2d(2),
    "batch norm": lambda: nn.Sequential(nn.ReLU(), nn.BatchNorm2d(8), nn.ReLU()),
    "gate": lambda: lambda x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)),
    "two factors": lambda: lambda x: x[:, :4] * torch.tanh(x[:, 4:]),
    "square": lambda: lambda x: x * x + x**3,
    "quotient": lambda: lambda x: x / (1 + x.square().mean(1, keepdim=True)),
    "constant over": lambda: lambda x: 2 / (3 + x.abs()),
    "local norm": lambda: nn.LocalResponseNorm(5, alpha=0.5, k=2.0),
    "softmax": lambda: lambda x: (5 * x).softmax(1),
    "layer norm": lambda: lambda x: functional.layer_norm(x.permute(0, 2, 3, 1), (8,)),
    "group norm": lambda: nn.GroupNorm(4, 8),
    "instance norm": lambda: nn.InstanceNorm2d(8, affine=True),
    "gelu": lambda: nn.GELU(),
    "hardswish": lambda: nn.Sequential(nn.Hardswish(), nn.SiLU(), nn.LeakyReLU()),
    "attention": lambda: (
        lambda x: functional.scaled_dot_product_attention(
            x.flatten(2).mT, (2 * x).flatten(2).mT, x.relu().flatten(2).mT
        )
    ),
    "causal attention": lambda: (
        lambda x: functional.scaled_dot_product_attention(
            x.flatten(2).mT, x.flatten(2).mT, x.flatten(2).mT, is_causal=True
        )
    ),
    "attention taken apart": lambda: lambda x: (x.flatten(2).mT @ x.flatten(2)).softmax(-1) @ x.flatten(2).mT,
}


@pytest.fixture(scope="module")
def parts() -> tuple[Explainer, Tensor]:
    """A network with all parts, and three images."""
    with torch.random.fork_rng():
        torch.manual_seed(6)
        module, images = Parts([make() for make in PARTS.values()]), 2 * torch.randn(3, 3, 5, 5)
        module(images)
        return build_explainer(module, (3, 5, 5)), images


@pytest.mark.parametrize("name", PARTS)
def test_contributions_sum_to_the_difference(name: str, parts: tuple[Explainer, Tensor]) -> None:
    explainer, images = parts
    first = 3 * list(PARTS).index(name)
    targets = [Target(first), Target(first + 1, first + 2), Target(first + 2)]
    found = WALKS["deeplift"](explainer, images, targets, {"reference": "black"})
    maps, before = found.run(), found.reference_scores
    assert before is not None
    torch.testing.assert_close(maps.flatten(1).sum(1), found.scores - before, rtol=1e-3, atol=2e-5)


def test_an_image_that_is_its_own_reference_has_no_contributions(parts: tuple[Explainer, Tensor]) -> None:
    explainer, images = parts
    for output in (0, 3, 6):
        assert WALKS["deeplift"](explainer, images, [Target(output)] * 3, {"reference": images}).run().abs().max() == 0


def test_a_slope_is_the_derivative_where_both_values_are_equal() -> None:
    before, after = torch.tensor([1.0, 1.0, 0.0]), torch.tensor([1.0, 3.0, 0.0])
    found = compute_slope(torch.square, before, after, before.square(), after.square())
    assert found.tolist() == [2.0, 4.0, 0.0]


def test_a_quotient_is_complete_and_keeps_small_divisors_in_check() -> None:
    above, below = (torch.tensor(1e-9), torch.tensor(6.0)), (torch.tensor(1e-6), torch.tensor(3.0))
    by_dividend, by_divisor = pull_quotient(torch.tensor(1.0), above, below)
    change = by_dividend * (above[1] - above[0]) + by_divisor * (below[1] - below[0])
    assert change.item() == pytest.approx(2.0 - 1e-3, rel=1e-5)
    assert max(by_dividend.abs().item(), by_divisor.abs().item()) < 1


def test_a_softmax_is_complete_far_from_its_reference() -> None:
    before, after = torch.tensor([[300.0, -200.0, 0.0]]), torch.tensor([[-50.0, 80.0, 79.0]])
    signal = torch.tensor([[1.0, -2.0, 0.5]])
    pulled = pull_softmax(signal, after, before, 1)
    expected = (signal * (after.softmax(1) - before.softmax(1))).sum()
    assert (pulled * (after - before)).sum().item() == pytest.approx(expected.item(), rel=1e-4)
