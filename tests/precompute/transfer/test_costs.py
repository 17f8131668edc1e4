from __future__ import annotations

import torch

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.transfer.costs import measure_costs
from tests.support.plain_net import SIZE, Net


def test_costs_are_counted_up_to_the_layer() -> None:
    model = ExportedModel(Net(), SIZE)
    first, second = measure_costs(model, select_layers(model), torch.device("cpu"))
    assert first.parameters == 4 * 3 * 9 + 4
    assert second.parameters == first.parameters + 6 * 4 * 9 + 6
    assert first.multiply_adds == 6 * 6 * 4 * 3 * 9
    assert second.multiply_adds == first.multiply_adds + 2 * 2 * 6 * 4 * 9
    assert first.milliseconds > 0 and second.milliseconds > 0


def test_a_branch_that_a_layer_does_not_read_costs_nothing() -> None:
    def run(net: Net, x: torch.Tensor) -> torch.Tensor:
        return net.head(net.compute_maps(x).mean((2, 3))) + net.other(x).mean((2, 3))

    net = Net(run)
    net.other = torch.nn.Conv2d(3, 5, 3)
    model = ExportedModel(net, SIZE)
    layers = select_layers(model, ["first", "other", "second"])
    costs = dict(zip((layer.name for layer in layers), measure_costs(model, layers, torch.device("cpu")), strict=True))
    assert costs["other"].parameters == 5 * 3 * 9 + 5
    assert costs["second"].parameters == 4 * 3 * 9 + 4 + 6 * 4 * 9 + 6
