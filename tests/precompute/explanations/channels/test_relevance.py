"""The relevance of channels: parts that add up to the whole map."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.channels.relevance import (
    compute_channel_relevance,
    iterate_channel_relevance,
    read_channels,
)
from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target

TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


@pytest.mark.parametrize("method", ["lrp", "simple_taylor", "deeplift"])
def test_the_maps_of_all_channels_add_up_to_the_whole_map(explainer: Explainer, images: Tensor, method: str) -> None:
    whole = find_method(method).explain(explainer, images, TARGETS)
    for layer, n_channels in (("first", 4), ("second", 5)):
        parts = [
            compute_channel_relevance(explainer, images, TARGETS, layer, [channel], method)
            for channel in range(n_channels)
        ]
        torch.testing.assert_close(sum(part.map for part in parts), whole.map, rtol=1e-4, atol=1e-5)
        pair = compute_channel_relevance(explainer, images, TARGETS, layer, [0, 2], method)
        torch.testing.assert_close(pair.map, parts[0].map + parts[2].map, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(pair.scores, whole.scores)


def test_gradient_times_input_passes_through_a_channel_by_the_chain_rule(explainer: Explainer, images: Tensor) -> None:
    _, gradients, _ = explainer.read_layer("second", images, TARGETS)
    pixels = images.clone().requires_grad_()
    (values,) = explainer.exported.build_sub_graph([explainer.layers["second"]])(pixels)
    (gradient,) = torch.autograd.grad((values[:, 3] * gradients[:, 3]).sum(), pixels)
    found = compute_channel_relevance(explainer, images, TARGETS, "second", [3], "simple_taylor")
    torch.testing.assert_close(found.map, images * gradient, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "channels", "method", "found"),
    [
        ("frist", [0], "lrp", "Near it: first"),
        ("first", [4], "lrp", "Found 4"),
        ("first", [], "lrp", "Found none"),
        ("first", [0], "occlusion", "Found occlusion"),
        ("first", [0], "lpr", "Found lpr"),
    ],
)
def test_what_does_not_exist_is_refused(
    explainer: Explainer, images: Tensor, layer: str, channels: list[int], method: str, found: str
) -> None:
    with pytest.raises(InputError, match=found):
        compute_channel_relevance(explainer, images, TARGETS, layer, channels, method)


def test_names_of_channels_are_read_by_layer() -> None:
    layers = ["mixed4d", "layer-1"]
    assert read_channels(["mixed4d-3", "layer-1-0", "mixed4d-1", "mixed4d-3"], layers) == {
        "mixed4d": [3, 1],
        "layer-1": [0],
    }
    for name in ("mixed4e-3", "mixed4d", "mixed4d-x"):
        with pytest.raises(InputError, match=f"Found {name}"):
            read_channels([name], layers)


def test_channels_one_after_another_have_the_maps_that_they_have_alone(explainer: Explainer, images: Tensor) -> None:
    targets = [Target(0), Target(1, 2), Target(2), Target(0, 1)]
    found = list(iterate_channel_relevance(explainer, images, targets, "second", [2, 0]))
    for channel, each in zip((2, 0), found, strict=True):
        alone = compute_channel_relevance(explainer, images, targets, "second", [channel])
        torch.testing.assert_close(each.map, alone.map)
