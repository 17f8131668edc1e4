"""A network with weights small enough to compute by hand: every count of its tables is written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers
from precompute.models.provenance.links import Link, derive_links

CPU = torch.device("cpu")


class Toy(nn.Module):
    """Three colours -> `first` (one channel per colour) -> `second`:

    first_0 ----> 2 x                second_0 = 2 first_0 + first_1
    first_1 ----> 1 x, 1 x           second_1 = first_1 - first_2     (1x1, a negative weight)
    first_2 ----> bottleneck         second_2 = first_2 by way of a middle channel, plus first_0 by way of another
                                     second_3 = first_2, passed by the shortcut, plus first_1 / 2
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1, bias=False)
        self.direct = nn.Conv2d(3, 2, 1, bias=False)
        self.reduce = nn.Conv2d(3, 2, 1, bias=False)
        self.expand = nn.Conv2d(2, 1, 1, bias=False)
        self.halve = nn.Conv2d(3, 1, 1, bias=False)
        self.head = nn.Linear(4, 2, bias=False)
        with torch.no_grad():
            self.first.weight[:] = torch.eye(3)[:, :, None, None]
            self.direct.weight[:] = torch.tensor([[2.0, 1, 0], [0, 1, -1]])[:, :, None, None]
            self.reduce.weight[:] = torch.tensor([[0.0, 0, 1], [1, 0, 0]])[:, :, None, None]
            self.expand.weight[:] = torch.tensor([[3.0, 1]])[:, :, None, None]
            self.halve.weight[:] = torch.tensor([[0.0, 0.5, 0]])[:, :, None, None]
            self.head.weight[:] = torch.tensor([[1.0, 1, 0, 0], [0, 0, 1, 1]])
        self.second = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        first = torch.relu(self.first(x))
        branch = torch.relu(self.expand(torch.relu(self.reduce(first))))
        last = torch.relu(self.halve(first) + first[:, 2:])
        second = torch.cat([torch.relu(self.direct(first)), branch, last], dim=1)
        return self.head(second.amax((2, 3)))


IMAGES = torch.tensor(
    [  # two positions of three colours
        [[[1.0, 0.0]], [[0.0, 4.0]], [[0.0, 2.0]]],  # first: 1, 4, 2
        [[[5.0, 0.0]], [[0.0, 0.0]], [[1.0, 0.0]]],  # first: 5, 0, 1
    ]
)


def accumulate(
    exported: ExportedModel, layers: list[RecordedLayer], links: tuple[Link, ...], config: AggregateConfig
) -> ClassAccumulator:
    with Parallel(CPU) as parallel:
        measures = choose_measures(exported, links, config)
        recorder = Recorder(exported, layers, measures, parallel)
        sums = ClassAccumulator(layers, measures, config, parallel)
        sums.update([0, 1], recorder(IMAGES).values)
    return sums


@pytest.fixture(scope="module")
def sums() -> ClassAccumulator:
    exported = ExportedModel(Toy(), (3, 1, 2))
    first = select_layers(exported, ["first"])[0]
    cat = next(n for n in exported.graph.nodes if n.name.startswith("cat"))
    second = RecordedLayer("second", cat, "function", 4, 1, 2, None)
    links = derive_links(exported, [first, second])
    return accumulate(exported, [first, second], links, AggregateConfig(activation_mass=0.6, top_k=1))


def test_activation_counts_are_those_computed_by_hand(sums: ClassAccumulator) -> None:
    # first: (1, 4, 2) of 7: channel 1 has 0.57, so 2 joins; (5, 0, 1) of 6: channel 0 alone has 0.83.
    # second, image 0: position 0 gives (2, 0, 1, 0), position 1 gives (4, 2, 6, 4): maxima (4, 2, 6, 4) of 16:
    #   6 is 0.375, then the lower of the two 4s reaches 0.625. Image 1: (10, 0, 3 + 5 = 8, 1) of 19: 0.53, then 0.95.
    first, second = sums.build_layer_sums()
    assert first.activation_count.tolist() == [1, 1, 1]
    assert second.activation_count.tolist() == [2, 0, 2, 0]


def test_mean_activation_is_over_all_images(sums: ClassAccumulator) -> None:
    assert sums.build_layer_sums()[0].activation_sum.tolist() == [6.0, 4.0, 3.0]


def test_influence_counts_are_those_computed_by_hand(sums: ClassAccumulator) -> None:
    # The strongest source of each target channel, image 0 and image 1:
    #   second_0: 2 x 1 against 1 x 4 -> first_1; 2 x 5 against 0 -> first_0
    #   second_1: 1 x 4 -> first_1; all others are negative or 0 -> none
    #   second_2: middle shares 3 x 2 = 6 against 1 x 1 = 1 -> first_2; 3 x 1 = 3 against 1 x 5 = 5 -> first_0
    #   second_3: 0.5 x 4 = 2 against 2 passed: a tie -> first_1, the lower; 0 against 1 -> first_2
    (link,) = sums.build_pair_sums()[0]
    pairs = dict(
        zip(
            zip(link.target_channel.tolist(), link.source.tolist(), strict=True),
            link.influence_count.tolist(),
            strict=True,
        )
    )
    assert pairs == {(0, 0): 1, (0, 1): 1, (1, 1): 1, (2, 0): 1, (2, 2): 1, (3, 1): 1, (3, 2): 1}


def test_influences_are_products_of_one_convolution_and_shares_of_several(sums: ClassAccumulator) -> None:
    (link,) = sums.build_pair_sums()[0]
    found = dict(
        zip(
            zip(link.target_channel.tolist(), link.source.tolist(), strict=True),
            link.influence_sum.tolist(),
            strict=True,
        )
    )
    assert found[0, 1] == 4 and found[0, 0] == 10 and found[3, 2] == 1
    assert found[2, 2] == pytest.approx(6 / 7) and found[2, 0] == pytest.approx(5 / 8)


def test_examples_are_the_strongest_images_with_their_positions(sums: ClassAccumulator) -> None:
    examples = sums.build_layer_sums()[0].examples
    assert examples.image_id[0, :2].tolist() == [1, 0]
    assert examples.activation[1].tolist()[:2] == [4.0, 0.0]
    assert examples.position[1, 0] == 1


def test_nothing_is_left_after_reset(sums: ClassAccumulator) -> None:
    exported = ExportedModel(Toy(), (3, 1, 2))
    layers = list(select_layers(exported, ["first", "direct"]))
    fresh = accumulate(exported, layers, derive_links(exported, layers), AggregateConfig())
    fresh.reset()
    assert all(not s.activation_count.any() and not s.examples.activation.any() for s in fresh.build_layer_sums())
    assert all(not np.any(s.influence_count) for s in fresh.build_pair_sums()[0])
