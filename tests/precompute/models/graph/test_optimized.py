"""The optimised sub-graph computes what the exported one does."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import NORMALIZATION, get_operator_name
from precompute.models.graph.optimized import optimize
from precompute.models.layers.selection import RecordedLayer


class Normalized(nn.Module):
    """Convolutions behind batch norms, with and without a bias, a flatten, a norm before a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.BatchNorm2d(3)
        self.one, self.norm_one = nn.Conv2d(3, 6, 3, bias=False), nn.BatchNorm2d(6)
        self.two, self.norm_two = nn.Conv2d(6, 4, 1, groups=2), nn.BatchNorm2d(4, affine=False)
        self.head = nn.Linear(4 * 6 * 6, 5)
        for norm in (self.before, self.norm_one, self.norm_two):
            norm.running_mean.uniform_(-1, 1)  # type: ignore[union-attr]
            norm.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
        nn.init.uniform_(self.norm_one.weight, -2, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm_one(self.one(self.before(x))))
        return self.head(torch.relu(self.norm_two(self.two(x))).flatten(1))


def export_normalized() -> tuple[ExportedModel, list[torch.fx.Node]]:
    """Exports the network; returns the model and its convolutions, ReLUs and linear layers."""
    torch.manual_seed(0)
    model = ExportedModel(Normalized(), (3, 8, 8))
    return model, [n for n in model.graph.nodes if get_operator_name(n) in {"relu", "conv2d", "linear"}]


def test_batch_norms_behind_convolutions_are_folded() -> None:
    model, nodes = export_normalized()
    images = torch.randn(3, 3, 8, 8)
    wanted = [node for node in nodes if get_operator_name(node) != "conv2d"]
    expected = model.build_sub_graph(wanted)(images)
    fast = optimize(model.build_sub_graph(wanted))
    assert sum(get_operator_name(node) in NORMALIZATION for node in fast.graph.nodes) == 1
    for found, value in zip(fast(images.contiguous(memory_format=torch.channels_last)), expected, strict=True):
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-5)


def test_a_convolution_that_is_recorded_stays_as_it_is() -> None:
    model, nodes = export_normalized()
    images = torch.randn(2, 3, 8, 8)
    expected = model.build_sub_graph(nodes)(images)
    for found, value in zip(optimize(model.build_sub_graph(nodes))(images), expected, strict=True):
        torch.testing.assert_close(found, value, rtol=1e-4, atol=1e-5)


def test_an_image_is_recorded_alike_alone_and_among_others() -> None:
    model, nodes = export_normalized()
    layer = RecordedLayer("layer", nodes[1], "function", 6, 6, 6, None)
    images = torch.randn(11, 3, 8, 8)
    with Parallel(torch.device("cpu"), 3) as parallel:
        recorder = Recorder(model, [layer], (), parallel)
        together, alone = recorder(images), [recorder(image[None]) for image in images]
    assert torch.equal(together.logits, torch.cat([one.logits for one in alone]))
    assert torch.equal(together.values[layer.node], torch.cat([one.values[layer.node] for one in alone]))
