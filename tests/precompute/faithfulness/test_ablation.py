from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.replacement import build_replacement, summarize_tokens
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from tests.reference.ablation import compute_means, run_toy
from tests.support.toy_network import CPU, IMAGES, ExportedToy, Toy, export_toy

KEPT = [
    [{0, 1, 2}, {0, 1, 2, 3}],
    [{1, 2}, {0, 1, 2, 3}],
    [{0, 1, 2}, {1, 3}],
    [{0}, {2}],
    [set(), set()],
]


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


@pytest.fixture(scope="module")
def model(toy: ExportedToy) -> AblatedModel:
    return AblatedModel(toy.model, toy.layers, CPU)


def build_mask(kept: set[int], n: int) -> torch.Tensor:
    return torch.tensor([channel in kept for channel in range(n)])


def find_means() -> list[list[float]]:
    values = [run_toy(Toy(), image)[:2] for image in IMAGES]
    return [compute_means([value[layer] for value in values]) for layer in range(2)]


def find_fills(model: AblatedModel) -> list[torch.Tensor]:
    _, values = model.record(IMAGES)
    return [
        build_replacement(summarize_tokens(value, layout).mean(0), layout, (1, *value.shape[1:]))
        for value, layout in zip(values, model.layouts, strict=True)
    ]


def test_means_are_over_images_and_positions(model: AblatedModel) -> None:
    fills = find_fills(model)
    assert [fill[0, :, 0, 0].tolist() for fill in fills] == [pytest.approx(means) for means in find_means()]
    assert find_means()[0] == [1.5, 1.0, 0.75]


def test_all_layers_at_once_are_as_the_reference_a_choice_for_each_row(model: AblatedModel) -> None:
    rows = list(itertools.product(range(2), KEPT))
    images = IMAGES[[image for image, _ in rows]]
    kept = [torch.stack([build_mask(choice[layer], n) for _, choice in rows]) for layer, n in enumerate((3, 4))]
    _, values = model.record(images)
    found = model.replace_in_all(images, values[0], kept, find_fills(model))
    for row, (image, choice) in enumerate(rows):
        removed = [set(range(n)) - choice[layer] for layer, n in enumerate((3, 4))]
        assert torch.allclose(found[row], run_toy(Toy(), IMAGES[image], removed, find_means())[2])


@pytest.mark.parametrize("layer", [0, 1])
def test_one_layer_alone_is_as_the_reference(model: AblatedModel, layer: int) -> None:
    n = (3, 4)[layer]
    logits, values = model.record(IMAGES)
    for size in range(n + 1):
        for choice in itertools.combinations(range(n), size):
            kept = build_mask(set(choice), n).expand(2, n)
            found = model.replace_in_one(layer, IMAGES, values[layer], kept, find_fills(model)[layer])
            removed = [set(), set()]
            removed[layer] = set(range(n)) - set(choice)
            for image in range(2):
                assert torch.allclose(found[image], run_toy(Toy(), IMAGES[image], removed, find_means())[2])
            if size == n:
                assert torch.equal(found, logits)


def test_the_numbers_of_a_hand_weighted_network(model: AblatedModel) -> None:
    """First layer of image 0 at its two positions: 1 0, 0 4, 0 2; its means over both images: 1.5, 1, 0.75."""
    logits, values = model.record(IMAGES)
    assert logits[0].tolist() == [4 + 2, 3 * 2 + (2 + 2)]
    kept = torch.tensor([[True, False, True]] * 2)
    found = model.replace_in_one(0, IMAGES, values[0], kept, find_fills(model)[0])
    assert found[0].tolist() == [(2 * 1 + 1) + 1, 3 * 2 + (2 + 0.5)]


def test_the_model_is_as_it_was(toy: ExportedToy, model: AblatedModel) -> None:
    before, values = model.record(IMAGES)
    model.replace_in_all(IMAGES, values[0], [torch.zeros(2, n, dtype=torch.bool) for n in (3, 4)], find_fills(model))
    assert torch.equal(model.record(IMAGES)[0], before)
    assert torch.equal(toy.model.module(IMAGES), before)
    assert not [name for _, module in toy.model.module.named_modules() for name in module._forward_hooks]


class Shortcut(nn.Module):
    """A first layer whose value reaches the output past the second, and an image that reaches it past both."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU())
        self.head = nn.Linear(7, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = self.first(x)
        return self.head(torch.cat([first + self.second(first), x], 1).mean((2, 3)))


def test_what_leads_past_a_layer_is_computed_from_the_image() -> None:
    net = Shortcut().eval()
    exported = ExportedModel(net, (3, 4, 4))
    model = AblatedModel(exported, select_layers(exported, ["first", "second"]), CPU)
    images = torch.randn(2, 3, 4, 4)
    with torch.no_grad():
        _, values = model.record(images)
        nothing, fill = torch.zeros(2, 4, dtype=torch.bool), torch.zeros(1, 4, 4, 4)
        found = model.replace_in_one(1, images, values[1], nothing, fill)
        expected = net.head(torch.cat([net.first(images), images], 1).mean((2, 3)))
    assert torch.allclose(found, expected, atol=1e-6)
