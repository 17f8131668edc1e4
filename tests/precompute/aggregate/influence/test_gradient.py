"""Influences by gradients equal one run of the model per channel, and counts worked out by hand."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.gradient import GradientInfluence
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from precompute.models.sources.loading import LoadedModel
from tests.reference.influence import find_top_sources
from tests.reference.measures import Between, compute_gradient_influence
from tests.support.counting import count_links
from tests.support.toy_network import IMAGES, ExportedToy, Toy, export_toy, list_counts


def assert_gradients(exported: ExportedModel, images: Tensor, source: str, target: str) -> None:
    links = derive_links(exported, select_layers(exported, [source, target]))
    config = AggregateConfig(influence="gradient")
    (measure,) = choose_measures(exported, links, config)
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(exported, select_layers(exported, [source, target]), [measure], parallel)(images).values
    found = GradientInfluence(exported, links[0], config.activation_mass)(values)
    modules = dict(exported.module.named_modules())
    between = Between(exported.module, modules[source], modules[target])
    expected = torch.stack(
        [compute_gradient_influence(between, image[None], config.activation_mass) for image in images]
    )
    assert found.shape == expected.shape
    assert int((expected > 0).sum()) > 20
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-5 * float(expected.max()))


@pytest.fixture(scope="module")
def exported_demo(demo: LoadedModel, images: Tensor) -> ExportedModel:
    return ExportedModel(demo.module, tuple(images.shape[1:]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "target"), [("stem", "conv2"), ("conv2", "mixed1"), ("mixed2", "residual"), ("residual", "mixed3")]
)
def test_gradients_equal_one_run_per_channel(
    exported_demo: ExportedModel, images: Tensor, source: str, target: str
) -> None:
    assert_gradients(exported_demo, images, source, target)


class Mixer(nn.Module):
    """Two convolutions with a norm over channels between them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1), nn.ReLU())
        self.norm = nn.GroupNorm(1, 12)
        self.second = nn.Sequential(nn.Conv2d(12, 16, 3, padding=1), nn.ReLU())
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(self.norm(self.first(x))).mean((2, 3)))


@pytest.fixture(scope="module")
def noise() -> Tensor:
    return torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def test_gradients_go_through_norms(noise: Tensor) -> None:
    assert_gradients(ExportedModel(Mixer().eval(), (3, 16, 16)), noise, "first", "second")


def test_gradient_counts_equal_those_of_one_run_per_channel(noise: Tensor) -> None:
    module, config = Mixer().eval(), AggregateConfig(influence="gradient", activation_mass=0.3, top_k=2)
    between = Between(module, module.first, module.second)
    expected: Counter[tuple[int, int]] = Counter()
    for image in noise:
        influence = compute_gradient_influence(between, image[None], config.activation_mass)
        expected.update((j, i) for j, row in enumerate(find_top_sources(influence, config.top_k)) for i, _ in row)
    found = count_links(module, noise, ["first", "second"], config)
    assert found == {"second": expected} and 2 in expected.values()


# --- a network small enough to compute by hand ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


CONFIG = AggregateConfig(influence="gradient", activation_mass=0.6, top_k=2)


def test_gradient_influences_are_those_computed_by_hand(toy: ExportedToy) -> None:
    # Strongest targets of both images: second_0 and second_2 (see the activation counts of the accumulator's test).
    #   image 0: second_0 = 2 first_0 + first_1 is greatest at position 1, where first is (0, 4, 2): 0, 4, 0.
    #            second_2 = 3 first_2 + first_0 at position 1: 0, 0, 6.
    #   image 1: both are greatest at position 0, where first is (5, 0, 1): 10, 0, 0; and 5, 0, 3.
    influence = GradientInfluence(toy.model, toy.link, CONFIG.activation_mass)
    found = influence(toy.record([toy.choose_measure(CONFIG)]))
    assert found[0].tolist() == [[0, 4, 0], [0, 0, 0], [0, 0, 6], [0, 0, 0]]
    assert found[1].tolist() == [[10, 0, 0], [0, 0, 0], [5, 0, 3], [0, 0, 0]]


def test_gradient_counts_are_those_computed_by_hand(toy: ExportedToy) -> None:
    ((sums,),) = toy.accumulate(CONFIG).build_pair_sums()
    assert list_counts(sums) == {(0, 0): 1, (0, 1): 1, (2, 0): 1, (2, 2): 2}
    assert sums.influence_sum.tolist() == [10.0, 4.0, 5.0, 9.0]


def test_gradient_influences_equal_autograd_on_the_modules(toy: ExportedToy) -> None:
    """The target's formula is written down once more; no exported graph takes part."""
    module = Toy().eval()
    found = GradientInfluence(toy.model, toy.link, 1.0)(toy.record([toy.choose_measure(CONFIG)]))
    for image, table in zip(IMAGES, found, strict=True):
        first = torch.relu(module.first(image[None])).detach().requires_grad_()
        branch = torch.relu(module.expand(torch.relu(module.reduce(first))))
        last = torch.relu(module.halve(first) + first[:, 2:])
        second = torch.cat([torch.relu(module.direct(first)), branch, last], 1)[0].flatten(1)
        for channel in range(4):
            peak = second[channel].max()
            (gradient,) = torch.autograd.grad(peak, first, retain_graph=True)
            expected = (gradient * first).detach()[0].sum((1, 2)).clamp_min(0)
            assert table[channel].tolist() == pytest.approx(
                expected.tolist() if float(peak.detach()) > 0 else [0.0] * 3
            )


def test_an_infinite_gradient_shows_in_the_strengths(toy: ExportedToy, monkeypatch: pytest.MonkeyPatch) -> None:
    influence = GradientInfluence(toy.model, toy.link, 1.0)
    values = toy.record([toy.choose_measure(CONFIG)]).split_images()[0]
    assert bool(influence.find_strongest(values, 1)[0].isfinite().all())
    table = influence(values)
    table[0, 0, 2] = torch.inf
    monkeypatch.setattr(GradientInfluence, "__call__", lambda *given: table)
    assert bool(influence.find_strongest(values, 1)[0].isnan().all()), "also on the targets that are finite"


def test_an_image_is_counted_the_same_alone_and_in_a_batch(noise: Tensor) -> None:
    module, config = Mixer().eval(), AggregateConfig(influence="gradient", activation_mass=0.3)
    together = count_links(module, noise, ["first", "second"], config)
    added: Counter[tuple[int, int]] = Counter()
    for image in noise:
        added.update(count_links(module, image[None], ["first", "second"], config)["second"])
    assert together == {"second": added}
