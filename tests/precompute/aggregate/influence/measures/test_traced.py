"""The measure `traced` of one link: the values that it reads, and its sums."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.measures.traced import MEASURE, TracedMeasure
from precompute.models.provenance.expressions import Source
from tests.support.toy_network import ExportedToy, export_toy


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def test_the_inputs_of_convolutions_and_the_passed_terms_are_read(toy: ExportedToy) -> None:
    first, second = (layer.node for layer in toy.layers)
    names = {node.name for node in TracedMeasure(toy.link).nodes - {first, second}}
    # The bottleneck's inner convolution ends in a relu; the shortcut is a slice of `first`.
    assert names == {"relu_1", "slice_1"}


def test_a_source_that_is_turned_round_is_read_for_its_least_value(toy: ExportedToy) -> None:
    first, second = toy.layers
    turned = replace(toy.link, channels=Source(first, -torch.ones(3)))
    assert TracedMeasure(turned).nodes == {first.node, second.node}
    assert TracedMeasure(replace(turned, channels=Source(first))).nodes == {second.node}


def test_the_sums_of_the_counter_are_those_of_the_link(toy: ExportedToy) -> None:
    measure = MEASURE.build(toy.model, toy.link, AggregateConfig())
    ((sums,),) = toy.accumulate(AggregateConfig()).build_pair_sums()
    assert measure.compose_link([sums], 2) is sums and measure.reason is None


def test_it_applies_to_links_whose_channels_are_known(toy: ExportedToy) -> None:
    assert MEASURE.applies_to(toy.link)
    assert not MEASURE.applies_to(replace(toy.link, channels=None))
