"""The maps of captum and torchcam for the same network: equal, or different for a reason that is shown."""

from __future__ import annotations

import pytest
import torch
from captum.attr import IntegratedGradients, Occlusion, Saliency
from torch import Tensor, nn
from torchcam.methods import CAM, GradCAM, GradCAMpp

from precompute.explanations.explainer import Explainer
from precompute.explanations.methods.smoothgrad import draw_noise
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.support.explained import build_explainer

SIZE = 24
TARGET = 2


def build_network() -> nn.Sequential:
    """Builds a small network in the manner of VGG, its last maps averaged."""
    widths = [(3, 8), (8, 8), (8, 12), (12, 12)]
    layers: list[nn.Module] = []
    for number, (n_in, n_out) in enumerate(widths):
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number % 2 else []
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 4))


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return build_network().eval()


@pytest.fixture(scope="module")
def explained(network: nn.Sequential) -> Explainer:
    return build_explainer(network, (3, SIZE, SIZE), ("5", "7"))


@pytest.fixture(scope="module")
def batch() -> Tensor:
    return torch.rand(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(5)) * 2 - 1


def explain(explained: Explainer, batch: Tensor, name: str, **options: object) -> Tensor:
    return find_method(name).explain(explained, batch, [Target(TARGET)] * len(batch), options).map


def test_gradient_is_that_of_captum(network: nn.Module, explained: Explainer, batch: Tensor) -> None:
    theirs = Saliency(network).attribute(batch.clone().requires_grad_(), target=TARGET, abs=False)
    torch.testing.assert_close(explain(explained, batch, "gradient"), theirs, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(explain(explained, batch, "sensitivity"), theirs**2, rtol=1e-4, atol=1e-9)


def test_integrated_gradients_is_that_of_captum_at_equal_points(
    network: nn.Module, explained: Explainer, batch: Tensor
) -> None:
    theirs = IntegratedGradients(network).attribute(
        batch, torch.zeros_like(batch), target=TARGET, n_steps=20, method="gausslegendre"
    )
    ours = explain(explained, batch, "integrated_gradients", points=20, parts=1, max_points=20)
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)


def test_smoothgrad_is_the_mean_of_captums_gradients_with_the_same_noise(
    network: nn.Module, explained: Explainer, batch: Tensor
) -> None:
    noise = draw_noise(5, (3, SIZE, SIZE), 7) * 0.15 * 2
    saliency = Saliency(network)
    theirs = torch.stack(
        [saliency.attribute((batch + each).requires_grad_(), target=TARGET, abs=False) for each in noise]
    ).mean(0)
    ours = explain(explained, batch, "smoothgrad", samples=5, seed=7)
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-7)


def test_occlusion_is_captums_where_patches_do_not_overlap(
    network: nn.Module, explained: Explainer, batch: Tensor
) -> None:
    theirs = Occlusion(network).attribute(batch, (3, 6, 6), strides=(3, 6, 6), target=TARGET, baselines=0)
    ours = explain(explained, batch, "occlusion", patch=6, stride=6)
    torch.testing.assert_close(ours.sum(1), theirs[:, 0], rtol=1e-3, atol=1e-6)


def explain_by_torchcam(network: nn.Module, batch: Tensor, extractor: object) -> Tensor:
    scores = network(batch.clone().requires_grad_())
    (maps,) = extractor([TARGET] * len(batch), scores, normalized=False)
    extractor.remove_hooks()
    return maps.detach()


@pytest.mark.parametrize(("layer", "module"), [("5", 6), ("7", 8)])
def test_grad_cam_is_that_of_torchcam(
    network: nn.Sequential, explained: Explainer, batch: Tensor, layer: str, module: int
) -> None:
    theirs = explain_by_torchcam(network, batch, GradCAM(network, network[module]))
    torch.testing.assert_close(explain(explained, batch, "grad_cam", layer=layer), theirs, rtol=1e-4, atol=1e-7)


def test_cam_is_that_of_torchcam(network: nn.Sequential, explained: Explainer, batch: Tensor) -> None:
    theirs = explain_by_torchcam(network, batch, CAM(network, network[9], fc_layer=network[12]))
    torch.testing.assert_close(explain(explained, batch, "cam"), theirs, rtol=1e-4, atol=1e-6)


def test_grad_cam_plus_plus_of_torchcam_leaves_out_the_divisor(
    network: nn.Sequential, explained: Explainer, batch: Tensor
) -> None:
    """torchcam 0.5 divides a copy that it drops, so its weights are sums of cubes of the positive gradients."""
    theirs = explain_by_torchcam(network, batch, GradCAMpp(network, network[8]))
    values, gradients, _ = explained.read_layer("7", batch, [Target(TARGET)] * 2)
    cubes = (gradients.relu() ** 3).sum((2, 3))
    torch.testing.assert_close(theirs, torch.einsum("nc,nchw->nhw", cubes, values).relu(), rtol=1e-4, atol=1e-9)
    ours = explain(explained, batch, "grad_cam_plus_plus", layer="7")
    assert ours.flatten(1).amax(1).min() > 0
