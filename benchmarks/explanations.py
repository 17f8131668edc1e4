"""Maps of one image beside other libraries, as ratios: `python -m benchmarks.explanations [--model resnet18|vgg16]`.

The same network, image and method by Summit Dash, captum, zennit and torchcam, in turns, on one thread; medians.
Networks have random weights. Each library is warm: its hooks, canonizers and graphs are made before.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchvision import models

from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.preprocess import Preprocess

MODELS: dict[str, Callable[[], nn.Module]] = {"resnet18": models.resnet18, "vgg16": models.vgg16}
LAST = {"resnet18": "layer4", "vgg16": "features"}
HEADS = {"resnet18": "fc"}
"""The linear layer behind the mean over positions; VGG16 has none, so CAM does not apply to it."""
TARGET = 3


def build_ours(module: nn.Module) -> Callable[[str, dict[str, object]], Callable[[Tensor], object]]:
    """Builds the methods of Summit Dash for a network."""
    exported = ExportedModel(module, (3, 224, 224))
    layers = {layer.name: layer.node for layer in select_layers(exported)}
    explainer = Explainer(exported, InputRange.from_preprocess(Preprocess()), layers)

    def build(name: str, options: dict[str, object]) -> Callable[[Tensor], object]:
        method = find_method(name)
        return lambda image: method.explain(explainer, image, [Target(TARGET)], options)

    return build


def build_theirs(name: str, make: Callable[[], nn.Module]) -> dict[str, tuple[str, Callable[[Tensor], object]]]:
    """Builds the same methods of other libraries, each on a network of its own: they leave hooks behind."""
    from captum.attr import Deconvolution, GuidedBackprop, IntegratedGradients, NoiseTunnel, Saliency
    from torchcam.methods import CAM, GradCAM
    from zennit.attribution import Gradient
    from zennit.composites import EpsilonPlusFlat
    from zennit.torchvision import ResNetCanonizer, VGGCanonizer

    def prepare() -> nn.Module:
        return make().eval()

    saliency, guided, integrated = Saliency(prepare()), GuidedBackprop(prepare()), IntegratedGradients(prepare())
    deconvolution, tunnel = Deconvolution(prepare()), NoiseTunnel(Saliency(prepare()))
    options = find_method("smoothgrad").options
    noise = {"nt_samples": options["samples"], "nt_samples_batch_size": options["batch_size"]}
    input_range = InputRange.from_preprocess(Preprocess())
    sigma = options["sigma"] * float((input_range.high - input_range.low).max())
    canonizer = ResNetCanonizer() if name.startswith("resnet") else VGGCanonizer()
    relevance = Gradient(prepare(), EpsilonPlusFlat(canonizers=[canonizer]))
    relevance.__enter__()  # it stays registered to the end
    module = prepare()
    cam = GradCAM(module, target_layer=LAST[name])
    one_hot = torch.eye(1000)[[TARGET]]

    def draw_cam(image: Tensor) -> object:
        return cam(TARGET, module(image.clone().requires_grad_()))

    def smooth(image: Tensor) -> object:
        torch.manual_seed(options["seed"])
        return tunnel.attribute(image, nt_type="smoothgrad", stdevs=sigma, target=TARGET, abs=False, **noise)

    theirs = {
        "gradient": ("captum", lambda image: saliency.attribute(image.clone().requires_grad_(), target=TARGET)),
        "guided_backprop": ("captum", lambda image: guided.attribute(image.clone().requires_grad_(), target=TARGET)),
        "integrated_gradients": (
            "captum",
            lambda image: integrated.attribute(image, target=TARGET, n_steps=32, internal_batch_size=16),
        ),
        "lrp": ("zennit", lambda image: relevance(image.clone().requires_grad_(), one_hot)),
        "grad_cam": ("torchcam", draw_cam),
        "deconvolution": (
            "captum",
            lambda image: deconvolution.attribute(image.clone().requires_grad_(), target=TARGET),
        ),
        "smoothgrad": ("captum", smooth),
    }
    if name in HEADS:
        plain = prepare()
        weighted = CAM(plain, target_layer=LAST[name], fc_layer=HEADS[name])

        def draw_weighted(image: Tensor) -> object:
            with torch.no_grad():
                return weighted(TARGET, plain(image))

        theirs["cam"] = ("torchcam", draw_weighted)
    return theirs


OPTIONS: dict[str, dict[str, object]] = {"integrated_gradients": {"points": 32, "parts": 1, "max_points": 32}}


def measure(act: Callable[[Tensor], object], image: Tensor) -> float:
    start = time.perf_counter()
    act(image)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=list(MODELS), default="resnet18")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--methods", default="all", help="`all`, or some: `NAME,NAME`")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    make = MODELS[arguments.model]
    ours = build_ours(make().eval())
    image = torch.randn(1, 3, 224, 224)
    print(f"{arguments.model}, 224 px, one thread, medians of {arguments.repeats}")
    for name, (library, theirs) in build_theirs(arguments.model, make).items():
        if arguments.methods != "all" and name not in arguments.methods.split(","):
            continue
        own = ours(name, OPTIONS.get(name, {}))
        own(image), theirs(image)
        pairs = [(measure(own, image), measure(theirs, image)) for _ in range(arguments.repeats)]
        first, second = (statistics.median(each[place] for each in pairs) for place in (0, 1))
        print(f"{name}: {first:.3f} s, {library} {second:.3f} s, ratio {first / second:.2f}", flush=True)


if __name__ == "__main__":
    main()
