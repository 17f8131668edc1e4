"""Relevance through whole networks: every kind of operator, and the account of what is absorbed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.explanations.backward.walks import WALKS, Walk
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from tests.support.explained import build_explainer


class Branches(nn.Module):
    """Two convolutions of one colour, `twice` (2 x) and `thrice` (3 x), joined by functions.

    Args:
        joins: class k is the sum of what the k-th function makes of both.
    """

    def __init__(self, joins: Sequence[Callable[[Tensor, Tensor], Tensor]]) -> None:
        super().__init__()
        self.twice, self.thrice = nn.Conv2d(1, 1, 1, bias=False), nn.Conv2d(1, 1, 1, bias=False)
        self.joins = joins
        with torch.no_grad():
            self.twice.weight[:], self.thrice.weight[:] = 2.0, 3.0

    def forward(self, x: Tensor) -> Tensor:
        twice, thrice = self.twice(x[:, :1]), self.thrice(x[:, 1:])
        return torch.stack([join(twice, thrice).flatten(1).sum(1) for join in self.joins], 1)


OPTIONS = {"preset": "epsilon", "rules": None, "reference": "black"}


def walk(module: nn.Module, images: Tensor, name: str = "lrp", **options: Any) -> Walk:
    explainer = build_explainer(module, tuple(images.shape[1:]))
    chosen = {**OPTIONS, **options}
    return WALKS[name](explainer, images, [Target(0)] * len(images), chosen)


IMAGE = torch.tensor([[[[1.0, 2.0]], [[4.0, -1.0]]]])
"""Colours (1, 2) and (4, -1), which `twice` and `thrice` make (2, 4) and (12, -3)."""


CASES: list[tuple[Callable[[Tensor, Tensor], Tensor], list[float]]] = [
    # In proportion: 2 of 14 and 4 of 1.
    (lambda a, b: a + b, [2, 4, 12, -3]),
    (lambda a, b: a - b, [2, 4, -12, 3]),
    (lambda a, b: torch.cat([a, b], 1), [2, 4, 12, -3]),
    # An activation passes the relevance of its output.
    (lambda a, b: torch.relu(a) + torch.relu(b), [2, 4, 12, 0]),
    # The winner has all: 12 of (2, 12), 4 of (4, -3).
    (lambda a, b: torch.maximum(a, b), [0, 4, 12, 0]),
    (lambda a, b: functional.max_pool2d(torch.cat([a, b], 1), (1, 2)), [0, 4, 12, 0]),
    (lambda a, b: torch.cat([a, b], 1).amax((1, 2, 3), keepdim=True), [0, 0, 12, 0]),
    # A gate has none, on either side; sigmoid(0) is 1/2.
    (lambda a, b: a * torch.sigmoid(0 * b), [1, 2, 0, 0]),
    (lambda a, b: torch.sigmoid(0 * a) * b, [0, 0, 6, -1.5]),
    (lambda a, b: a * b.mean((2, 3), keepdim=True), [9, 18, 0, 0]),
    # Two main paths have equal parts of 24 and -12.
    (lambda a, b: a * b, [12, -6, 12, -6]),
    (lambda a, b: a / (b * b), [2 / 144, 4 / 9, 0, 0]),
    (lambda a, b: (a * 3).square() + 0 * b, [36, 144, 0, 0]),
    # Padding and moves.
    (lambda a, b: functional.pad(a.flip(3), (1, 1)) + 0 * functional.pad(b, (1, 1)), [2, 4, 0, 0]),
    (lambda a, b: torch.stack(torch.cat([a, b], 1).split(1, 1), 0).sum(0), [2, 4, 12, -3]),
    (lambda a, b: functional.avg_pool2d(a, (1, 2)) + 0 * functional.avg_pool2d(b, (1, 2)), [1, 2, 0, 0]),
]


@pytest.fixture(scope="module")
def branches() -> Explainer:
    return build_explainer(Branches([join for join, _ in CASES]), (2, 1, 2))


@pytest.mark.parametrize("number", range(len(CASES)))
def test_relevance_through_operators_as_written_out(branches: Explainer, number: int) -> None:
    found = WALKS["lrp"](branches, IMAGE, [Target(number)], OPTIONS).run()
    torch.testing.assert_close(found.flatten(), torch.tensor(CASES[number][1]).float(), rtol=1e-4, atol=1e-4)


class Spread(nn.Module):
    """A network that takes variances."""

    def __init__(self) -> None:
        super().__init__()
        self.spread = Variance()

    def forward(self, x: Tensor) -> Tensor:
        return self.spread(x)


class Variance(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.var(x, (2, 3))


def test_an_operator_without_a_rule_is_refused_by_name() -> None:
    explainer = build_explainer(Spread(), (3, 4, 4))
    images = torch.rand(1, 3, 4, 4)
    for name, title in (("lrp", "LRP"), ("deeplift", "DeepLIFT")):
        with pytest.raises(
            InputError, match=f"{title} has a rule for every.*the operator var in spread: it has no rule"
        ):
            WALKS[name](explainer, images, [Target(0)], OPTIONS).run()
    gradient = WALKS["guided_backprop"](explainer, images, [Target(0)], OPTIONS).run()
    assert gradient.abs().sum() > 0, "a method that needs gradients alone has no such limit"


def test_a_batch_norm_is_folded_into_the_layer_before_it() -> None:
    torch.manual_seed(0)
    convolution, norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
    for tensor in (norm.running_mean, norm.running_var, norm.weight, norm.bias):
        assert tensor is not None
        tensor.data.uniform_(0.5, 2)
    whole = nn.Sequential(convolution, norm, nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9, 2))
    folded = nn.utils.fuse_conv_bn_eval(convolution.eval(), norm.eval())
    other = nn.Sequential(folded, *whole[2:])
    images = torch.randn(2, 3, 5, 5)
    explainers = [build_explainer(module, (3, 5, 5)) for module in (whole, other)]
    for preset in ("epsilon", "epsilon_gamma_box", "alpha2_beta1"):
        options = {**OPTIONS, "preset": preset}
        one, two = (WALKS["lrp"](each, images, [Target(0), Target(1)], options).run() for each in explainers)
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)


def test_a_batch_norm_of_its_own_shares_in_proportion() -> None:
    norm = nn.BatchNorm2d(1)
    norm.running_mean, norm.running_var = torch.tensor([1.0]), torch.tensor([4.0])
    module = nn.Sequential(norm, nn.Flatten(), nn.Linear(2, 2, bias=False))
    module[2].weight.data[:] = torch.tensor([[1.0, 1.0], [0.0, 0.0]])
    found = walk(module, torch.tensor([[[[3.0, -4.0]]]])).run()
    # (x - 1) / 2 is 1 and -2.5, of which 1.5 and -2 are the inputs' own.
    torch.testing.assert_close(found.flatten(), torch.tensor([1.5, -2.0]), rtol=1e-4, atol=1e-4)


class Tokens(nn.Module):
    """Attention and norms over four tokens, without biases, so that nothing but epsilon absorbs relevance."""

    def __init__(self, is_explicit: bool) -> None:
        super().__init__()
        self.is_explicit = is_explicit
        self.embed = nn.Conv2d(3, 8, 2, stride=2, bias=False)
        self.norm, self.last = nn.LayerNorm(8, bias=False), nn.GroupNorm(2, 8)
        self.qkv, self.head = nn.Linear(8, 24, bias=False), nn.Linear(8, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(x).flatten(2).transpose(1, 2)
        query, key, value = self.qkv(self.norm(tokens)).chunk(3, 2)
        if self.is_explicit:
            mixed = (query @ key.transpose(1, 2)).softmax(-1) @ value
        else:
            mixed = functional.scaled_dot_product_attention(query, key, value, scale=1.0)
        tokens = functional.gelu(self.last((tokens + mixed).transpose(1, 2))).transpose(1, 2)
        return self.head(tokens.mean(1))


def test_attention_and_norms_conserve_relevance_in_both_forms() -> None:
    torch.manual_seed(1)
    explicit = Tokens(is_explicit=True)
    fused = Tokens(is_explicit=False)
    fused.load_state_dict(explicit.state_dict())
    images = torch.randn(2, 3, 4, 4)
    maps = []
    for module in (explicit, fused):
        found = walk(module, images)
        maps.append(found.run())
        torch.testing.assert_close(maps[-1].flatten(1).sum(1), found.scores, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(*maps, rtol=1e-2, atol=1e-4)


def test_what_is_absorbed_is_noted_layer_by_layer() -> None:
    torch.manual_seed(2)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2))
    found = walk(module, torch.randn(3, 3, 5, 5), preset="epsilon_plus_flat", rules={"4": "gamma:0.1"})
    maps = found.run()
    assert found.ledger is not None
    entries = found.ledger.describe(found.scores)
    assert [(entry["layer"], entry["rule"]) for entry in entries] == [("4", "gamma:0.1"), ("0", "flat")]
    absorbed = torch.tensor([entry["absorbed"] for entry in entries]).sum(0) * found.scores.abs()
    torch.testing.assert_close(maps.flatten(1).sum(1) + absorbed, found.scores, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.tensor(entries[0]["given"]), found.scores)
    torch.testing.assert_close(torch.tensor(entries[1]["passed"]), maps.flatten(1).sum(1))


def test_deep_taylor_is_positive_and_conserves_what_biases_leave() -> None:
    torch.manual_seed(4)

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 6, 3, bias=False), nn.Conv2d(6, 6, 3, padding=1, bias=False)
            self.norm, self.head = nn.BatchNorm2d(6), nn.Linear(6, 2, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            first = torch.relu(self.first(x))
            return self.head(torch.relu(self.norm(self.second(first)) + first).mean((2, 3)))

    module, images = Residual(), torch.rand(4, 3, 6, 6) * 2 - 1
    with torch.no_grad():
        module.head.weight.abs_()
    found = walk(module, images, "deep_taylor")
    maps = found.run()
    assert maps.min() >= 0
    torch.testing.assert_close(maps.flatten(1).sum(1), found.scores, rtol=1e-2, atol=1e-4)


def test_deep_taylor_refuses_what_it_does_not_explain() -> None:
    torch.manual_seed(5)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2))
    images = torch.randn(1, 3, 5, 5)
    with torch.no_grad():
        order = module(images)[0].argsort()
        module[3].bias[order[0]] -= 100
    explainer = build_explainer(module, (3, 5, 5))
    with pytest.raises(InputError, match=r"explains a score greater than 0\. The score of image 1 of 1 is -"):
        WALKS["deep_taylor"](explainer, images, [Target(int(order[0]))], {})
    with pytest.raises(InputError, match="explains the score of one class"):
        WALKS["deep_taylor"](explainer, images, [Target(0, 1)], {})
    torch.manual_seed(1)
    with pytest.raises(InputError, match="does not apply to the operator group_norm in last"):
        positive = Tokens(is_explicit=True)
        images = torch.randn(1, 3, 4, 4)
        target = Target(int(positive(images)[0].argmax()))
        WALKS["deep_taylor"](build_explainer(positive, (3, 4, 4)), images, [target], {}).run()
