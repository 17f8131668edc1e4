"""Walks: whole, to a layer, and from a layer by way of chosen channels."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.backward.walks import WALKS, Walk
from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_methods
from precompute.explanations.target import Target

OPTIONS = {"preset": "epsilon_plus_flat", "rules": None, "reference": "black"}


def prepare(name: str, explainer: Explainer, images: Tensor) -> Walk:
    classes = explainer.compute_logits(images).argmax(1).tolist()
    return WALKS[name](explainer, images, [Target(number) for number in classes], OPTIONS)


@pytest.mark.parametrize("name", ["gradient", "simple_taylor"])
def test_the_walk_of_a_gradient_is_that_of_autograd(name: str, explainer: Explainer, images: Tensor) -> None:
    walk = prepare(name, explainer, images)
    targets = [Target(number) for number in walk.values[explainer.exported.output].argmax(1).tolist()]
    gradient, scores = explainer.differentiate(images, targets)
    torch.testing.assert_close(walk.run(), gradient if name == "gradient" else gradient * images)
    torch.testing.assert_close(walk.scores, scores)


@pytest.mark.parametrize("name", WALKS)
@pytest.mark.parametrize("layer", ["first", "second"])
def test_maps_of_all_channels_sum_to_the_whole_map(name: str, layer: str, explainer: Explainer, images: Tensor) -> None:
    logits = explainer.compute_logits(images)
    images = images[logits.amax(1) > 0] if name == "deep_taylor" else images
    assert len(images)
    walk = prepare(name, explainer, images)
    whole, signal = walk.run(), walk.reach(layer)
    channels = torch.eye(signal.shape[1])
    maps = [walk.leave(layer, signal, kept) for kept in channels]
    torch.testing.assert_close(walk.leave(layer, signal), whole)
    if name not in {"deconvolution", "guided_backprop"}:  # these rectify sums of channels, so maps do not add up
        torch.testing.assert_close(sum(maps), whole, rtol=1e-4, atol=1e-5)


def test_each_image_may_have_channels_of_its_own(explainer: Explainer, images: Tensor) -> None:
    walk = prepare("lrp", explainer, images)
    signal = walk.reach("first")
    kept = torch.eye(4)
    together = walk.leave("first", signal, kept)
    for number in range(4):
        torch.testing.assert_close(together[number], walk.leave("first", signal, kept[number])[number])


def test_a_layer_or_a_channel_that_is_not_there_is_refused(explainer: Explainer, images: Tensor) -> None:
    walk = prepare("lrp", explainer, images)
    with pytest.raises(InputError, match="There is no third"):
        walk.reach("third")
    with pytest.raises(ValueError, match="first has 4 channels, not 7"):
        walk.leave("first", walk.reach("first"), torch.ones(7))


def test_methods_are_their_walks(explainer: Explainer, images: Tensor) -> None:
    methods = find_methods()
    targets = [Target(number) for number in explainer.compute_logits(images).argmax(1).tolist()]
    for name in ("lrp", "deeplift", "deconvolution", "guided_backprop"):
        found = methods[name].explain(explainer, images, targets)
        options = methods[name].options
        torch.testing.assert_close(found.map, WALKS[name](explainer, images, targets, options).run())
    assert (methods["deeplift"].explain(explainer, images, targets).error < 1e-3).all()
    conservation = methods["lrp"].explain(explainer, images, targets).facts["conservation"]
    assert [entry["layer"] for entry in conservation] == ["head", "second", "first"]
