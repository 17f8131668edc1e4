"""The graph of an image: the strongest channels and influences of this image, over a class's graph."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.aggregate.config import AggregateConfig
from precompute.explanations.channels.attribution import compute_channel_attribution
from precompute.explanations.channels.image_graph import (
    ImageGraph,
    ImageGraphBuilder,
    join_graphs,
    mark_channels,
)
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers


@pytest.fixture(scope="module")
def model(small: nn.Module) -> ExportedModel:
    return ExportedModel(small, (3, 6, 6))


def test_channels_and_influences_are_those_of_this_image(
    model: ExportedModel, small: nn.Module, images: Tensor
) -> None:
    layers = select_layers(model, ("first", "second"))
    builder = ImageGraphBuilder(model, layers, AggregateConfig(activation_mass=0.6, top_k=2))
    with torch.no_grad():
        first = torch.relu(small.get_submodule("first")(images))
        second = torch.relu(small.get_submodule("second")(first))
    weight = small.get_parameter("second.weight").detach()
    for number in range(len(images)):
        graph = builder.build(images[number])
        kept = {"first": _keep(first[number]), "second": _keep(second[number])}
        assert {layer: [c for one, c in graph.activations if one == layer] for layer in kept} == kept
        for target in kept["second"]:
            strength = {
                source: float(
                    nn.functional.conv2d(first[number, source][None, None], weight[target, source][None, None]).max()
                )
                for source in range(4)
            }
            ranked = sorted((s for s in strength if strength[s] > 0), key=lambda s: -strength[s])[:2]
            expected = {source: strength[source] for source in ranked if source in kept["first"]}
            found = {s[1]: value for (s, t), value in graph.influences.items() if t == ("second", target)}
            assert found == pytest.approx(expected, rel=1e-4)


def _keep(maps: Tensor) -> list[int]:
    """Keeps the fewest channels whose share of all activation reaches 0.6, strongest first."""
    activation = maps.amax((1, 2)).tolist()
    order, kept, total = sorted(range(len(activation)), key=lambda c: -activation[c]), [], 0.0
    for channel in order:
        if total >= 0.6 * sum(activation):
            break
        kept.append(channel)
        total += activation[channel]
    return kept


def test_a_class_is_laid_under_an_image() -> None:
    a, b, c, d = ("first", 0), ("first", 1), ("second", 0), ("second", 1)
    image = ImageGraph({a: 3.0, b: 1.0, c: 2.0}, {(a, c): 1.0, (b, c): 0.5})
    overlay = join_graphs(image, [a, c, d], [(a, c), (a, d)])
    assert overlay.channels == {a: "shared", b: "image", c: "shared", d: "class"}
    assert overlay.influences == {(a, c): "shared", (b, c): "image", (a, d): "class"}
    assert overlay.count_channels() == {
        "first": {"shared": 1, "image": 1, "class": 0},
        "second": {"shared": 1, "image": 0, "class": 1},
    }


def test_attributions_say_for_which_class_a_channel_of_the_image_speaks(explainer: Explainer, images: Tensor) -> None:
    """A graph has no signs of its own: those of the attribution to the wrong class mark its channels."""
    graph = ImageGraph({("first", 0): 1.0, ("first", 2): 0.5, ("second", 1): 0.2}, {})
    marks = mark_channels(explainer, graph, images[0], Target(1, 2))
    for (layer, channel), value in marks.items():
        mean = compute_channel_attribution(explainer, layer, images[:1], [Target(1, 2)]).mean
        assert value == pytest.approx(float(mean[channel]))
    assert list(marks) == list(graph.activations)
