"""The methods `sensitivity` and `simple_taylor`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.support.explained import build_explainer

IMAGE = torch.tensor([1.0, 2.0, -1.0]).view(1, 3, 1, 1)


class Weighted(nn.Module):
    """Logits 2a - b + bias and ReLU(c)."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(bias))
        self.weight = nn.Parameter(torch.tensor([2.0, -1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1)
        return torch.stack([(flat * self.weight).sum(1) + self.bias, torch.relu(flat[:, 2])], 1)


def test_sensitivity_is_the_squared_gradient() -> None:
    found = find_method("sensitivity").explain(build_explainer(Weighted(0.0), (3, 1, 1)), IMAGE, [Target(0)])
    assert found.map.flatten().tolist() == [4.0, 1.0, 0.0]


def test_sensitivity_sums_to_the_squared_norm(explainer: Explainer, images: Tensor) -> None:
    targets = [Target(1, 0)] * 4
    found = find_method("sensitivity").explain(explainer, images, targets)
    gradient, scores = explainer.differentiate(images, targets)
    torch.testing.assert_close(found.map.sum((1, 2, 3)), gradient.flatten(1).norm(dim=1) ** 2)
    torch.testing.assert_close(found.scores, scores)


@pytest.mark.parametrize("bias", [0.0, 3.0])
def test_simple_taylor_is_exact_for_a_linear_score(bias: float) -> None:
    image = torch.tensor([1.0, 2.5, -1.0]).view(1, 3, 1, 1)
    found = find_method("simple_taylor").explain(build_explainer(Weighted(bias), (3, 1, 1)), image, [Target(0)])
    assert found.map.flatten().tolist() == [2.0, -2.5, 0.0]
    assert found.reference_scores is not None
    assert found.reference_scores.tolist() == [bias]
    assert found.error is not None
    assert found.error.tolist() == pytest.approx([0.0], abs=1e-6), "the change from an image of zeros is -0.5"


def test_simple_taylor_reports_what_biases_inside_take(explainer: Explainer, images: Tensor) -> None:
    targets = [Target(0)] * 4
    found = find_method("simple_taylor").explain(explainer, images, targets)
    gradient, scores = explainer.differentiate(images, targets)
    torch.testing.assert_close(found.map, images * gradient)
    change = scores - explainer.compute_scores(torch.zeros_like(images), targets)
    assert found.error is not None
    torch.testing.assert_close(found.error, ((found.map.sum((1, 2, 3)) - change) / change).abs(), rtol=1e-3, atol=1e-5)
    assert "biases" in found.note
