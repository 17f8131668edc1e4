"""The search for images whose numbers are not finite: the first problem of an image is named."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, fx

from precompute.aggregate.finite import FiniteCheck
from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recording
from precompute.devices.cores import Parallel
from tests.support.toy_network import CPU, ExportedToy, export_toy


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def find_problems(toy: ExportedToy, logits: Tensor, spoilt: dict[str, float], has_masks: bool = False) -> list[str]:
    """Checks two images; of the second, the last number of each node in `spoilt` is replaced."""
    between = next(node for node in toy.model.graph.nodes if node.name == "relu_1")
    raw = {layer.node: torch.ones(2, layer.n_channels, 1, 2) for layer in toy.layers} | {
        between: torch.ones(2, 2, 1, 2)
    }
    for node, value in raw.items():
        if node.name in spoilt:
            value[1, -1, 0, 1] = spoilt[node.name]
    with Parallel(CPU, 1) as parallel:
        check, values = FiniteCheck(toy.layers, has_masks, parallel), Values(raw, toy.model.layouts)
        found = check.find_problems(Recording(logits, values))
        images = zip(logits.split(1), values.split_images(), strict=True)
        assert [check.find_problem(Recording(*image)) for image in images] == found
        return found


SOUND = torch.zeros(2, 3)


def test_finite_numbers_are_no_problem(toy: ExportedToy) -> None:
    assert find_problems(toy, SOUND, {}) == ["", ""]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_layer_that_is_not_finite_is_named(toy: ExportedToy, value: float) -> None:
    first, second = (layer.node.name for layer in toy.layers)
    assert find_problems(toy, SOUND, {second: value}) == ["", "layer second yields NaN or infinity"]
    both = {first: value, second: value, "relu_1": value}
    assert find_problems(toy, SOUND / 0, both)[1] == "layer first yields NaN or infinity"


def test_values_between_the_layers_are_named_after_the_layers(toy: ExportedToy) -> None:
    found = find_problems(toy, SOUND / 0, {"relu_1": math.nan})
    assert found == ["the logits are NaN or infinite", "values between the layers are NaN or infinite"]


LOGITS = torch.tensor([[0.0, -math.inf, 1.0], [-math.inf] * 3])


def test_masked_logits_are_sound_as_long_as_one_is_left(toy: ExportedToy) -> None:
    assert find_problems(toy, LOGITS, {}, has_masks=True) == ["", "the logits are NaN or infinite"]
    assert find_problems(toy, LOGITS, {}) == ["the logits are NaN or infinite"] * 2
    assert find_problems(toy, -LOGITS, {}, has_masks=True) == ["the logits are NaN or infinite"] * 2


def test_a_layer_without_links_is_checked_as_well(toy: ExportedToy) -> None:
    renamed = replace(toy, layers=[replace(toy.layers[0], name="renamed"), toy.layers[1]])
    found = find_problems(renamed, SOUND, {toy.layers[0].node.name: math.nan})
    assert found[1] == "layer renamed yields NaN or infinity"


@pytest.mark.parametrize(
    ("more", "is_dilated"), [((), False), (([0, 0], [1, 1], True), False), (([0, 0], [2, 2]), True)]
)
def test_what_is_pooled_from_a_value_that_is_held_is_as_finite_as_that(more: tuple[Any, ...], is_dilated: bool) -> None:
    graph = fx.Graph()
    source = graph.placeholder("source")
    pooled = graph.call_function(torch.ops.aten.max_pool2d.default, (source, [2, 2], [2, 2], *more))
    endless, sound = torch.full((1, 2, 2, 2), math.inf), torch.ones(1, 2, 2, 2)
    with Parallel(CPU, 1) as parallel:

        def find(raw: dict[fx.Node, Tensor]) -> str:
            check = FiniteCheck([], False, parallel)
            recording = Recording(SOUND[:1], Values(raw, {}))
            assert check.find_problems(recording) == [check.find_problem(recording)]
            return check.find_problem(recording)

        problem = "values between the layers are NaN or infinite"
        assert find({pooled: endless}) == find({source: endless, pooled: sound}) == problem
        assert find({source: sound, pooled: endless}) == (problem if is_dilated else ""), "not looked at a second time"
