"""Time of methods against other implementations: `python -m benchmarks.explanations [--model vgg11]`.

The same model with random weights, the same images and settings, in turns in one process on one thread: the median of
the ratios of a round. captum, zennit and torchcam are the others. VGG has modules alone, none of them used twice, which
is what they need. The explainer is built before, and that time is printed apart.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torchvision
from captum.attr import (
    Deconvolution,
    DeepLift,
    GuidedBackprop,
    IntegratedGradients,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import Tensor, nn
from torchcam.methods import GradCAM
from zennit.attribution import Gradient
from zennit.composites import EpsilonPlusFlat

from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.preprocess import Preprocess

CLASS = 7
SIZE = 224

OURS: Mapping[str, Mapping[str, Any]] = {
    "gradient": {},
    "guided_backprop": {},
    "deconvolution": {},
    "deeplift": {},
    "lrp": {"preset": "epsilon_plus_flat"},
    "integrated_gradients": {"points": 16, "max_points": 16},
    "smoothgrad": {"samples": 16},
    "occlusion": {"patch": 56, "stride": 28},
    "grad_cam": {},
}
"""The options with which both sides do the same amount of work."""


def build_others(model: nn.Module, images: Tensor, layer: nn.Module) -> dict[str, Callable[[], Any]]:
    """Builds the calls of other libraries, by our names."""

    def build_input() -> Tensor:
        return images.clone().requires_grad_()

    def run_zennit() -> Tensor:
        with Gradient(model, EpsilonPlusFlat()) as attributor:
            chosen = torch.eye(1000)[[CLASS] * len(images)]
            found: Tensor = attributor(images, chosen)[1]
            return found

    def run_torchcam() -> Any:
        with GradCAM(model, layer) as extractor:
            return extractor([CLASS] * len(images), model(build_input()), normalized=False)

    zeros = torch.zeros_like(images)
    path = {"n_steps": 16, "method": "gausslegendre", "internal_batch_size": 16}
    noise = {"nt_type": "smoothgrad", "nt_samples": 16, "nt_samples_batch_size": 4, "stdevs": 0.15}
    tunnel = NoiseTunnel(Saliency(model))
    return {
        "gradient": lambda: Saliency(model).attribute(build_input(), target=CLASS, abs=False),
        "guided_backprop": lambda: GuidedBackprop(model).attribute(build_input(), target=CLASS),
        "deconvolution": lambda: Deconvolution(model).attribute(build_input(), target=CLASS),
        "deeplift": lambda: DeepLift(model).attribute(build_input(), zeros, target=CLASS),
        "lrp": run_zennit,
        "integrated_gradients": lambda: IntegratedGradients(model).attribute(
            build_input(), zeros, target=CLASS, **path
        ),
        "smoothgrad": lambda: tunnel.attribute(build_input(), target=CLASS, abs=False, **noise),
        "occlusion": lambda: Occlusion(model).attribute(
            images, (3, 56, 56), strides=(3, 28, 28), target=CLASS, baselines=0, perturbations_per_eval=8
        ),
        "grad_cam": run_torchcam,
    }


def measure(call: Callable[[], Any]) -> float:
    """Measures one call, in seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="vgg11", help="a VGG of torchvision")
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--methods", default=",".join(OURS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torchvision.models.get_model(arguments.model, weights=None).eval()
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    images = torch.randn(arguments.images, 3, SIZE, SIZE)
    start = time.perf_counter()
    exported = ExportedModel(model, (3, SIZE, SIZE))
    layers = {layer.name: layer.node for layer in select_layers(exported)}
    explainer = Explainer(exported, InputRange.from_preprocess(Preprocess()), layers)
    print(f"{arguments.model}, {arguments.images} images, export {time.perf_counter() - start:.1f} s")
    others = build_others(model, images, model.features[-2])
    targets = [Target(CLASS)] * len(images)
    print("| method | ours, s | other, s | ratio (least to greatest) |\n|---|---|---|---|")
    for name in arguments.methods.split(","):
        method = find_method(name)
        ours, other, ratios = [], [], []
        for number in range(arguments.rounds + 1):
            mine = measure(lambda method=method, name=name: method.explain(explainer, images, targets, OURS[name]))
            theirs = measure(others[name])
            if number:  # the first round warms up
                ours.append(mine)
                other.append(theirs)
                ratios.append(mine / theirs)
        cells = f"{statistics.median(ours):.3f} | {statistics.median(other):.3f}"
        print(
            f"| `{name}` | {cells} | {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |",
            flush=True,
        )


if __name__ == "__main__":
    main()
