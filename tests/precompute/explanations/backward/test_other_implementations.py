"""Second opinions: zennit on the presets of LRP, captum on guided backpropagation and deconvolution."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn
from torchvision import models
from torchvision.models import vgg

from precompute.explanations.backward.walks import WALKS
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from tests.support.explained import build_explainer, widen

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import captum.attr
    import zennit.attribution
    import zennit.composites
    import zennit.torchvision

SIDE = 32
COMPOSITES = {
    "epsilon": lambda canonizers: zennit.composites.LayerMapComposite(
        [*zennit.composites.layer_map_base(), (zennit.types.Linear, zennit.rules.Epsilon())], canonizers=canonizers
    ),
    "epsilon_plus_flat": lambda canonizers: zennit.composites.EpsilonPlusFlat(canonizers=canonizers),
    "epsilon_gamma_box": lambda canonizers: zennit.composites.EpsilonGammaBox(-2.0, 2.0, canonizers=canonizers),
    "alpha2_beta1": lambda canonizers: zennit.composites.EpsilonAlpha2Beta1(canonizers=canonizers),
}


def make_vgg16() -> nn.Module:
    """Makes a VGG16 with a classifier for small images; its own has 120 million weights."""
    with torch.device("meta"):
        module = vgg.VGG(vgg.make_layers(vgg.cfgs["D"]), num_classes=5, init_weights=False)
    module.avgpool = nn.AdaptiveAvgPool2d(1)
    module.classifier = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 5))
    module.features.to_empty(device="cpu")
    for layer in module.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.normal_(layer.bias, std=0.05)
    return module.eval()


def make_resnet18() -> nn.Module:
    """Makes a ResNet-18 whose batch norms have the statistics of random images."""
    module = models.resnet18(num_classes=5)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            # zennit merges a norm into the layer before it, and leaves its eps in place: the layer counts it twice.
            layer.momentum, layer.eps = None, 1e-12
            nn.init.normal_(layer.bias, std=0.1)
    with torch.no_grad():
        module.train()(torch.randn(8, 3, SIDE, SIDE))
    return module.eval()


@pytest.fixture(scope="module", params=["vgg16", "resnet18"])
def network(request: pytest.FixtureRequest) -> tuple[str, nn.Module, Explainer]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = make_vgg16() if request.param == "vgg16" else make_resnet18()
        explainer = widen(build_explainer(module, (3, SIDE, SIDE), limit=2.0))
        return request.param, module.double(), explainer


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)).clamp(-2, 2).double()


@pytest.mark.parametrize("preset", COMPOSITES)
def test_relevance_equals_that_of_zennit(
    network: tuple[str, nn.Module, Explainer], images: Tensor, preset: str
) -> None:
    name, module, explainer = network
    canonizer = zennit.torchvision.VGGCanonizer() if name == "vgg16" else zennit.torchvision.ResNetCanonizer()
    start = torch.eye(5)[[3, 1]].double()
    with zennit.attribution.Gradient(module, COMPOSITES[preset]([canonizer])) as attributor:
        _, expected = attributor(images, lambda logits: logits * start)
    found = WALKS["lrp"](explainer, images, [Target(3), Target(1)], {"preset": preset, "rules": None}).run()
    assert compute_distance(found, expected) < 1e-4


def test_guided_and_deconvolution_equal_those_of_captum(
    network: tuple[str, nn.Module, Explainer], images: Tensor
) -> None:
    name, module, explainer = network
    if name == "resnet18":
        pytest.skip("captum's hooks fail on modules that are called twice")
    for method, other in (
        ("guided_backprop", captum.attr.GuidedBackprop),
        ("deconvolution", captum.attr.Deconvolution),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = other(module).attribute(images.clone(), target=torch.tensor([3, 1]))
        found = WALKS[method](explainer, images, [Target(3), Target(1)], {}).run()
        assert compute_distance(found, expected) < 1e-4, method


def compute_distance(found: Tensor, expected: Tensor) -> float:
    """Computes the norm of the difference of two maps, relative to that of the second."""
    return ((found - expected).norm() / expected.norm()).item()
