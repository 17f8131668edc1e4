"""An explainer: scores, gradients, values and gradients of a layer."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.target import Target
from precompute.models.sources.preprocess import Preprocess
from tests.support.explained import build_explainer
from tests.support.memory import FullDevice

TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


def test_scores_and_gradients_are_those_of_the_module(explainer: Explainer, small: nn.Module, images: Tensor) -> None:
    pixels = images.clone().requires_grad_()
    logits = small(pixels)
    expected = torch.stack([logits[0, 0], logits[1, 1] - logits[1, 2], logits[2, 2], logits[3, 0] - logits[3, 1]])
    (expected_gradient,) = torch.autograd.grad(expected.sum(), pixels)
    gradient, scores = explainer.differentiate(images, TARGETS)
    torch.testing.assert_close(explainer.compute_logits(images), logits.detach())
    torch.testing.assert_close(explainer.compute_scores(images, TARGETS), expected.detach())
    torch.testing.assert_close(scores, expected.detach())
    torch.testing.assert_close(gradient, expected_gradient)
    assert not images.requires_grad


def test_a_layer_has_values_and_gradients(explainer: Explainer, images: Tensor) -> None:
    values, gradients, scores = explainer.read_layer("second", images, TARGETS)
    assert values.shape == gradients.shape == (4, 5, 4, 4)
    assert (values >= 0).all(), "after the ReLU"
    # Only the greatest position of a channel reaches the classes.
    is_active = values.flatten(2).amax(2) > 0
    assert ((gradients != 0).flatten(2).sum(2)[is_active] == 1).all()
    torch.testing.assert_close(scores, explainer.compute_scores(images, TARGETS))


def test_a_layer_that_is_not_recorded_is_refused_by_name(explainer: Explainer, images: Tensor) -> None:
    with pytest.raises(InputError, match=r"There is no secnd\. Near it: second\. Take one of first, second"):
        explainer.read_layer("secnd", images, TARGETS)


def test_the_range_of_the_input_follows_the_preprocessing() -> None:
    found = InputRange.from_preprocess(Preprocess(mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0)))
    assert found.low.flatten().tolist() == [-1.0, -0.25, 0.0]
    assert found.high.flatten().tolist() == [1.0, 0.75, 0.5]
    assert found.mean.flatten().tolist() == [0.0, 0.0, 0.0]


def test_the_mean_colour_is_grey_where_no_mean_is_subtracted() -> None:
    found = InputRange.from_preprocess(Preprocess(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))
    assert found.mean.flatten().tolist() == [0.5, 0.5, 0.5]


def test_the_last_layer_is_one_whose_positions_the_class_reads() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = models.VisionTransformer(16, 8, 2, 2, 16, 32, num_classes=4)
        torch.nn.init.normal_(network.heads.head.weight)
    reading = build_explainer(network, (3, 16, 16), None)
    assert list(reading.layers)[-1] != reading.last_layer  # there the class reads its own token alone
    assert reading.last_layer is not None
    values, gradients, _ = reading.read_layer(reading.last_layer, torch.randn(1, 3, 16, 16), [Target(0)])
    assert values.shape == gradients.shape and gradients.any()


def test_out_of_memory_images_run_in_halves_and_nothing_else_changes(
    small: nn.Module, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = [Target(number % 3) for number in range(len(images))]
    found = []
    for room in (4, 1):
        fresh = build_explainer(small, (3, 6, 6), ("first", "second"))
        device, build = FullDevice(room), fresh._build
        monkeypatch.setattr(fresh, "_build", lambda nodes, _d=device, _b=build: _d.limit(_b(nodes)))
        answers = fresh.compute_logits(images), *fresh.differentiate(images, targets)
        found.append([*answers, *fresh.read_layer("first", images, targets)])
        assert fresh.sizes.size == (256 if room == 4 else 1) and device.n_refused == (0 if room == 4 else 2)
    for whole, halved in zip(*found, strict=True):
        torch.testing.assert_close(halved, whole)


def test_one_recorded_pass_serves_logits_gradients_and_layers_alike(
    explainer: Explainer, images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, targets = images[:1], TARGETS[:1]
    node = explainer.find_layer("second")
    expected = [
        explainer.compute_logits(image),
        *explainer.differentiate(image, targets),
        *explainer.read_layer("second", image, targets),
        *explainer.compute_values([node], image),
    ]
    with explainer.recent:
        values = explainer.record(image)
        assert not any(value.requires_grad for value in values.values() if isinstance(value, Tensor))

        def refuse(*_: object) -> None:
            raise AssertionError("another pass")

        monkeypatch.setattr(explainer, "_build", refuse)
        found = [
            explainer.compute_logits(image),
            *explainer.differentiate(image, targets),
            *explainer.read_layer("second", image, targets),
            *explainer.compute_values([node], image),
        ]
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)
        with pytest.raises(AssertionError, match="another pass"):
            explainer.compute_logits(images[1:2])
