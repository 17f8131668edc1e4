"""A network with weights small enough to compute by hand, two images, and its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers
from precompute.models.provenance.links import Link, derive_links

CPU = torch.device("cpu")


class Toy(nn.Module):
    """A network of two recorded layers: three colours -> `first` (one channel per colour) -> `second`.

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


@dataclass(frozen=True)
class ExportedToy:
    """The exported network, its recorded layers `first` and `second`, and the link between them."""

    model: ExportedModel
    layers: Sequence[RecordedLayer]
    link: Link

    def record(self, measures: Sequence[LinkMeasure], images: Tensor = IMAGES) -> Values:
        """Records the values of images, `(image, 3, 1, 2)`."""
        with Parallel(CPU, 1) as parallel:
            return Recorder(self.model, self.layers, measures, parallel)(images).values

    def choose_measure(self, config: AggregateConfig) -> LinkMeasure:
        """Chooses the measure of the link."""
        (measure,) = choose_measures(self.model, [self.link], config)
        return measure

    def accumulate(self, config: AggregateConfig) -> ClassAccumulator:
        """Adds both images up, with image_ids 0 and 1."""
        measure = self.choose_measure(config)
        with Parallel(CPU, 1) as parallel:
            sums = ClassAccumulator(self.layers, [measure], config, parallel)
            sums.update([0, 1], self.record([measure]))
        return sums


def export_toy() -> ExportedToy:
    """Exports the network; its second layer is the concatenation, which is no module."""
    model = ExportedModel(Toy(), (3, 1, 2))
    (first,) = select_layers(model, ["first"])
    cat = next(node for node in model.graph.nodes if node.name.startswith("cat"))
    layers = [first, RecordedLayer("second", cat, "function", 4, 1, 2, None)]
    (link,) = derive_links(model, layers)
    return ExportedToy(model, layers, link)


def list_counts(sums: PairSums) -> dict[tuple[int, int], int]:
    """Lists counts by target and source."""
    rows = zip(sums.target_channel.tolist(), sums.source.tolist(), sums.influence_count.tolist(), strict=True)
    return {(target, source): count for target, source, count in rows}
