"""ReLU with the redirected gradient, in every spelling."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.feature_visualization.ascent.optimize import (
    LayerForward,
)
from precompute.feature_visualization.ascent.relu import RedirectedRelu


class Relus(nn.Module):
    """The ways that models spell ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.module = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(functional.relu(self.module(x - 1) - 1) - 1).relu()


@pytest.mark.parametrize("is_exported", [False, True])
def test_every_spelling_of_relu_is_redirected(is_exported: bool) -> None:
    model = Relus().eval()
    forward: LayerForward = model
    if is_exported:
        forward = torch.export.export(model, (torch.zeros(2, 3),)).run_decompositions().module()
    inputs = torch.tensor([[-1.0, 0.5, 0.9], [9.0, -1.0, 8.0]], requires_grad=True)
    with RedirectedRelu():
        outputs = forward(inputs)
    assert torch.equal(outputs, model(inputs.detach()))
    (gradient,) = torch.autograd.grad(-outputs.sum(), inputs)
    assert gradient.tolist() == [[-1, -1, -1], [-1, 0, -1]], "only the silent sample is redirected"
    (true,) = torch.autograd.grad(-forward(inputs.clone()).sum(), inputs)
    assert true.tolist() == [[0, 0, 0], [-1, 0, -1]], "outside the block the model is itself"
