"""The method `cam`: written out by hand, equal to Grad-CAM, and refused where the model has no such end."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.support.explained import build_explainer

METHOD = find_method("cam")
HEAD = torch.tensor([[1.0, 2.0, -1.0], [0.0, 1.0, 3.0]])


class Averaged(nn.Module):
    """The mean of the input's channels, or of a convolution's, and a linear layer."""

    def __init__(self, pool: nn.Module, *after: nn.Module, body: nn.Module | None = None) -> None:
        super().__init__()
        self.body = body or nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.ReLU())
        self.pool, self.after = pool, nn.Sequential(*after)
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            self.head.weight.copy_(HEAD)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.after(torch.flatten(self.pool(self.body(x)), 1)))


class Mean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def explain(module: nn.Module, images: Tensor, targets: list[Target]) -> Tensor:
    return METHOD.explain(build_explainer(module, (3, 2, 2)), images, targets).map


@pytest.fixture
def image() -> Tensor:
    return torch.rand(2, 3, 2, 2, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("pool", [nn.AdaptiveAvgPool2d(1), nn.AvgPool2d(2), Mean()])
def test_the_map_is_the_weighted_sum_of_the_averaged_maps(pool: nn.Module, image: Tensor) -> None:
    module = Averaged(pool, nn.Dropout())
    with torch.no_grad():
        values = module.body(image)
    found = explain(module, image, [Target(0), Target(1, 0)])
    torch.testing.assert_close(found[0], values[0, 0] + 2 * values[0, 1] - values[0, 2])
    torch.testing.assert_close(found[1], -values[1, 0] - values[1, 1] + 4 * values[1, 2])


def test_its_positive_part_is_grad_cam_at_that_layer_up_to_a_factor(image: Tensor) -> None:
    explainer: Explainer = build_explainer(Averaged(Mean()), (3, 2, 2), ("body",))
    targets = [Target(0), Target(1)]
    cam = METHOD.explain(explainer, image, targets)
    grad_cam = find_method("grad_cam").explain(explainer, image, targets)
    torch.testing.assert_close(cam.map.relu() / 4, grad_cam.map)  # the mean over 2 x 2 positions
    bias = explainer.exported.module.head.bias.detach()
    torch.testing.assert_close(cam.map.mean((1, 2)), cam.scores - bias)


@pytest.mark.parametrize(
    ("module", "operator"),
    [
        (Averaged(Mean(), nn.ReLU()), "relu in after.0"),
        (Averaged(nn.AdaptiveMaxPool2d(1)), "adaptive_max_pool2d in pool"),
        (nn.Sequential(Averaged(Mean()), nn.ReLU()), "relu in 1"),
        (
            nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            r"view in 2|flatten in 2|reshape in 2",
        ),
        (nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), "the input in the model itself|view in 0"),
    ],
)
def test_the_operator_in_the_way_is_named(module: nn.Module, operator: str, image: Tensor) -> None:
    with pytest.raises(InputError, match=rf"({operator}) stands in the way"):
        explain(module, image, [Target(0)] * 2)


def test_an_average_of_some_positions_is_none_of_all(image: Tensor) -> None:
    module = Averaged(nn.AvgPool2d(2, ceil_mode=True, padding=1, stride=9))
    with pytest.raises(InputError, match="avg_pool2d in pool stands in the way"):
        explain(module, image, [Target(0)] * 2)
