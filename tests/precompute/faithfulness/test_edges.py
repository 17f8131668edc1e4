"""The effects of edges, against a slow reference on a hand-made network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from precompute.devices.batches import BatchSize
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.edges import EDGE_ROWS, EdgeProver, average_images, choose_others, compute_auc
from precompute.faithfulness.replacement import build_replacement
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers


class Chain(nn.Module):
    """Two convolutions of size 1 and a mean: what a channel of the second loses can be written out."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 2, 1), nn.Linear(2, 2)
        with torch.no_grad():
            self.first.weight.copy_(torch.eye(3)[:, :, None, None])
            self.first.bias.zero_()
            self.second.weight.copy_(torch.tensor([[1.0, 3.0, 0.0], [0.0, 0.0, 2.0]])[:, :, None, None])
            self.second.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.second(torch.relu(self.first(x)))).mean((2, 3)))


@pytest.fixture(scope="module")
def model() -> AblatedModel:
    exported = ExportedModel(Chain(), (3, 2, 2))
    return AblatedModel(exported, select_layers(exported, ("first", "second")), torch.device("cpu"))


def build_prover(model: AblatedModel, means: list[float]) -> EdgeProver:
    fills = [
        build_replacement(torch.tensor(means)[:, None], model.layouts[0], (1, 3, 2, 2)),
        build_replacement(torch.zeros(2, 1), model.layouts[1], (1, 2, 2, 2)),
    ]
    return EdgeProver(model, fills, BatchSize(EDGE_ROWS, torch.device("cpu")))


def test_the_share_that_a_source_gives_is_written_out(model: AblatedModel) -> None:
    image = torch.ones(1, 3, 2, 2) * torch.tensor([2.0, 1.0, 0.0]).view(1, 3, 1, 1)
    pairs = [(1, 0, 0, 0), (1, 0, 0, 1), (1, 0, 0, 2), (1, 1, 0, 2)]
    zero = build_prover(model, [0.0, 0.0, 0.0]).measure(image, pairs)
    # The first target is 1 * 2 + 3 * 1 = 5; the second has no value above 0.
    assert zero[0, :3] == pytest.approx([2 / 5, 3 / 5, 0]) and np.isnan(zero[0, 3])
    mean = build_prover(model, [1.0, 2.0, 4.0]).measure(image, pairs)
    assert mean[0, :3] == pytest.approx([1 / 5, -3 / 5, 0])


def test_no_number_depends_on_the_images_beside_it_nor_but_for_rounding_on_the_pairs(model: AblatedModel) -> None:
    images = torch.rand(3, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    pairs = [(1, target, 0, source) for target in range(2) for source in range(3)]
    prover = build_prover(model, [0.1, 0.2, 0.3])
    together = prover.measure(images, pairs)
    for number in range(3):
        alone = prover.measure(images[number : number + 1], pairs)
        assert np.array_equal(alone[0], together[number], equal_nan=True)
    for place, pair in enumerate(pairs):
        assert prover.measure(images, [pair])[:, 0] == pytest.approx(together[:, place], rel=1e-4, nan_ok=True)


def test_others_are_random_channels_of_the_source_layer_that_are_no_source() -> None:
    edges = [(1, 0, 0, 3), (1, 1, 0, 4)]
    known = [*edges, (1, 0, 0, 5)]
    others = choose_others(edges, known, [8, 2], [0, 7])
    assert others == choose_others(edges, known, [8, 2], [0, 7])
    assert not set(others) & set(known)
    assert {pair[:2] for pair in others} <= {(1, 0), (1, 1)} and {pair[2] for pair in others} == {0}
    assert len({pair[3] for pair in others}) <= 2


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order() -> None:
    assert compute_auc(np.array([2.0, 3.0]), np.array([1.0, 2.5])) == 0.75
    assert compute_auc(np.array([1.0]), np.array([1.0])) == 0.5
    assert compute_auc(np.array([]), np.array([1.0])) is None


def test_means_pass_over_images_without_a_value() -> None:
    found = average_images(np.array([[0.5, np.nan], [np.nan, np.nan], [0.0, np.nan]]))
    assert found[0] == 0.25 and np.isnan(found[1])
