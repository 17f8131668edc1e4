"""The measure `gradient` of one link: it applies to any link, and states the obstacle to tracing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.measures.gradient import MEASURE
from precompute.contract.errors import InputError
from tests.support.toy_network import ExportedToy, export_toy


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def test_the_image_is_read_beside_both_ends_of_the_link(toy: ExportedToy) -> None:
    """Values may reach the target past all recorded layers."""
    measure = MEASURE.build(toy.model, toy.link, AggregateConfig())
    assert measure.nodes == {toy.model.input, *(layer.node for layer in toy.layers)}


def test_the_reason_is_the_obstacle_to_tracing(toy: ExportedToy) -> None:
    assert MEASURE.build(toy.model, toy.link, AggregateConfig()).reason is None
    lost = replace(toy.link, channels=None, problem=InputError("rule", "attn calls softmax.", "fix"))
    assert MEASURE.applies_to(lost)
    assert MEASURE.build(toy.model, lost, AggregateConfig()).reason == "attn calls softmax."


def test_the_counter_has_all_channels_of_both_layers(toy: ExportedToy) -> None:
    (counted,) = MEASURE.build(toy.model, toy.link, AggregateConfig()).counted
    assert (counted.n_targets, counted.n_sources) == (4, 3)
