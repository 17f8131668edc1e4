"""The measure `summit` of one link: one counter per convolution, and projections that read past their pooling."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.measures.summit import MEASURE, SummitMeasure
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from tests.support.toy_network import ExportedToy, export_toy, list_counts

CONFIG = AggregateConfig(influence="summit", top_k=1)


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def test_a_link_has_the_counts_of_its_best_paths_by_hand(toy: ExportedToy) -> None:
    # Of two positions only the first is looked at; `first` is (1, 0, 0) there in image 0, and (5, 0, 1) in image 1.
    #   second_0 = 2 first_0 + first_1: source 0 in both images. second_1 = first_1 - first_2: none.
    #   second_2: middle 0 is first_2, middle 1 is first_0. `expand` weighs them 3 and 1: middle 1 in image 0 (0 and 1),
    #     middle 1 in image 1 (3 and 5). `reduce` is counted by itself: middle 0 from 2 in image 1, middle 1 from 0 in
    #     both. So second_2 from source 0: min(2, 2).
    #   second_3 = first_2, passed in all images, plus first_1 / 2: never above 0.
    measure = toy.choose_measure(CONFIG)
    (counted,) = toy.accumulate(CONFIG).build_pair_sums()
    assert list_counts(measure.compose_link(counted, 2)) == {(0, 0): 2, (2, 0): 2, (3, 2): 2}


def test_the_order_of_the_counters_is_the_order_of_the_sums(toy: ExportedToy) -> None:
    measure = toy.choose_measure(CONFIG)
    (counted,) = toy.accumulate(CONFIG).build_pair_sums()
    shapes = [(one.n_targets, one.n_sources) for one in measure.counted]
    assert sorted(shapes) == [(1, 2), (1, 3), (2, 3), (2, 3)]
    for (n_targets, n_sources), sums in zip(shapes, counted, strict=True):
        assert (sums.target_channel < n_targets).all() and (sums.source < n_sources).all()


def test_a_link_without_channels_is_not_counted(toy: ExportedToy) -> None:
    assert MEASURE.applies_to(toy.link) and MEASURE.in_auto is None
    assert not MEASURE.applies_to(replace(toy.link, channels=None))


class Pooled(nn.Module):
    """A projection behind a pooling."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, kernel, padding=kernel // 2)
        self.head, self.stride = nn.Linear(5, 2), stride

    def forward(self, x: Tensor) -> Tensor:
        read = functional.max_pool2d(torch.relu(self.first(x)), 3, self.stride, 1)
        return self.head(self.second(read).mean((2, 3)))


@pytest.mark.parametrize(("kernel", "stride", "is_past"), [(1, 1, True), (3, 1, False), (1, 2, False)])
def test_a_projection_reads_past_a_pooling_that_keeps_the_size(kernel: int, stride: int, is_past: bool) -> None:
    model = ExportedModel(Pooled(kernel, stride).eval(), (3, 8, 8))
    (link,) = derive_links(model, select_layers(model, ["first", "second"]))
    (read,) = SummitMeasure(model.layouts, link).nodes - {link.target.node}
    assert read.name.startswith("relu" if is_past else "max_pool") or (not is_past and "getitem" in read.name)
