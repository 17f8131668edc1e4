"""The measures `summit`, `gradient` and `auto` equal the loops, on the demo network and on a small transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from precompute.aggregate.accumulate import ClassAccumulator
from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.gradient import GradientInfluence
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.recording import Recorder, Recording
from precompute.contract.errors import InputError
from precompute.demo.images import DemoImages
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from precompute.models.sources.loading import ModelConfig, load_model
from tests.reference.influence import Conv, fold_norm
from tests.reference.measures import (
    Between,
    Pairs,
    choose_stronger,
    compose_counts,
    compute_gradient_influence,
    count_as_summit,
    shift_pairs,
)
from tests.support.counting import compose_links

TOP_K = 5


@pytest.fixture(scope="module")
def demo() -> Any:
    return load_model(ModelConfig("demo"))


@pytest.fixture(scope="module")
def images(demo: Any) -> Tensor:
    """Five scenes of different classes; what class they are of is nothing to a measure."""
    source = DemoImages(images_per_class=1)
    pixels = [demo.preprocess.image(source.load(image)) for image in source.images[::7]]
    return demo.preprocess.tensor(np.stack(pixels))


def counted(
    module: nn.Module, images: Tensor, layers: Sequence[str], influence: str
) -> tuple[dict[str, Pairs], dict[str, str], Recording]:
    """Counts by target layer, the measure of each, and what was recorded."""
    exported = ExportedModel(module, tuple(images.shape[1:]))  # type: ignore[arg-type]
    recorded = select_layers(exported, layers)
    config = AggregateConfig(influence=influence)
    measures = choose_measures(exported, derive_links(exported, recorded), config)
    with Parallel(torch.device("cpu")) as parallel:
        recording = Recorder(exported, recorded, measures, parallel)(images)
        sums = ClassAccumulator(recorded, measures, config, parallel)
        sums.update(range(len(images)), recording.values)
    found = {}
    for measure, pairs in zip(measures, compose_links(measures, sums, len(images)), strict=True):
        assert (pairs.influence_sum > 0).all()
        rows = zip(pairs.target_channel.tolist(), pairs.source.tolist(), pairs.influence_count.tolist(), strict=True)
        found[measure.link.target.name] = {(j, i): count for j, i, count in rows}
    return found, {measure.link.target.name: measure.name for measure in measures}, recording


# --- summit ---------------------------------------------------------------------------------------------------------


def _demo_by_hand(model: Any, images: Tensor) -> dict[str, Pairs]:
    """Summit's counts of the demo network: modules called one after another, branches composed and put side by side."""

    def counts(conv: Conv, reads: Tensor) -> Pairs:
        return count_as_summit(conv, list(reads), TOP_K)

    def mixed(block: Any, read: Tensor) -> Pairs:
        found: Pairs = {}
        for branch, offset in ((block.branch1, 0), (block.branch_pool[1], sum(_widths(block)[:3]))):
            # Summit gave the pooling branch's projection the values before the pooling.
            found |= shift_pairs(counts(fold_norm(branch[0], branch[1]), read), targets=offset)
        first = _widths(block)[0]
        for branch in (block.branch3, block.branch5):
            inner = counts(fold_norm(branch[0][0], branch[0][1]), read)
            outer = counts(fold_norm(branch[1][0], branch[1][1]), branch[0](read))
            found |= shift_pairs(compose_counts(outer, inner), targets=first)
            first += branch[1][0].out_channels
        return found

    with torch.no_grad():
        stem = model.stem(images)
        conv2 = model.conv2(model.pool1(stem))
        mixed1 = model.mixed1(conv2)
        mixed2 = model.mixed2(model.pool2(mixed1))
        block = model.residual
        inner = counts(fold_norm(block.conv1[0], block.conv1[1]), mixed2)
        outer = counts(fold_norm(block.conv2, block.norm2), block.conv1(mixed2))
        shortcut = {(channel, channel): len(images) for channel in range(mixed2.shape[1])}
        return {
            "conv2": counts(fold_norm(model.conv2[0], model.conv2[1]), model.pool1(stem)),
            "mixed1": mixed(model.mixed1, conv2),
            "mixed2": mixed(model.mixed2, model.pool2(mixed1)),
            "residual": choose_stronger(compose_counts(outer, inner), shortcut),
            "mixed3": mixed(model.mixed3, model.pool3(block(mixed2))),
        }


def _widths(block: Any) -> list[int]:
    return [
        block.branch1[0].out_channels,
        block.branch3[1][0].out_channels,
        block.branch5[1][0].out_channels,
        block.branch_pool[1][0].out_channels,
    ]


def test_summit_counts_equal_loops_and_dictionaries(demo: Any, images: Tensor) -> None:
    found, names, _ = counted(demo.module, images, demo.layers, "summit")
    expected = _demo_by_hand(demo.module, images)
    assert set(names.values()) == {"summit"}
    for layer, pairs in expected.items():
        assert found[layer] == {pair: count for pair, count in pairs.items() if count}, layer


# --- gradient -------------------------------------------------------------------------------------------------------


def _assert_gradients(module: nn.Module, images: Tensor, source: str, target: str) -> None:
    exported = ExportedModel(module, tuple(images.shape[1:]))  # type: ignore[arg-type]
    links = derive_links(exported, select_layers(exported, [source, target]))
    config = AggregateConfig(influence="gradient")
    (measure,) = choose_measures(exported, links, config)
    with Parallel(torch.device("cpu")) as parallel:
        values = Recorder(exported, select_layers(exported, [source, target]), [measure], parallel)(images).values
    found = GradientInfluence(exported, links[0], config.activation_mass)(values)
    modules = dict(module.named_modules())
    between = Between(module, modules[source], modules[target])
    expected = torch.stack(
        [compute_gradient_influence(between, image[None], config.activation_mass) for image in images]
    )
    assert found.shape == expected.shape
    assert int((expected > 0).sum()) > 20
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-5 * float(expected.max()))


@pytest.mark.parametrize(
    ("source", "target"), [("stem", "conv2"), ("conv2", "mixed1"), ("mixed2", "residual"), ("residual", "mixed3")]
)
def test_gradients_equal_one_run_per_channel(demo: Any, images: Tensor, source: str, target: str) -> None:
    _assert_gradients(demo.module, images, source, target)


class Mixer(nn.Module):
    """A convolution, a residual block with a norm over channels, a depthwise convolution."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 12, 3, 2, 1), nn.ReLU())
        self.norm = nn.GroupNorm(1, 12)
        self.second = nn.Sequential(nn.Conv2d(12, 16, 3, padding=1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.ReLU())
        self.head = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.third(self.second(self.norm(self.first(x)))).mean((2, 3)))


@pytest.fixture
def noise() -> Tensor:
    return torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def test_gradients_go_through_norms(noise: Tensor) -> None:
    _assert_gradients(Mixer().eval(), noise, "first", "second")


def test_gradient_counts_are_those_of_strong_channels_alone(demo: Any, images: Tensor) -> None:
    found, _, _ = counted(demo.module, images, demo.layers, "gradient")
    for layer, pairs in found.items():
        assert max(pairs.values()) <= len(images)
        per_target: dict[int, int] = {}
        for (target, _), count in pairs.items():
            per_target[target] = per_target.get(target, 0) + count
        assert max(per_target.values()) <= TOP_K * len(images), layer


# --- which measure --------------------------------------------------------------------------------------------------


def test_auto_takes_gradients_only_where_nothing_can_be_traced(noise: Tensor) -> None:
    layers = ["first", "second", "third"]
    found, names, _ = counted(Mixer().eval(), noise, layers, "auto")
    assert names == {"second": "gradient", "third": "traced"}
    by_gradient, _, _ = counted(Mixer().eval(), noise, layers, "gradient")
    assert found["second"] == by_gradient["second"]
    assert set(found["third"]) <= {(channel, channel) for channel in range(16)}


@pytest.mark.parametrize("influence", ["traced", "summit"])
def test_what_cannot_be_traced_is_refused_by_name(noise: Tensor, influence: str) -> None:
    with pytest.raises(InputError, match=r"norm \(GroupNorm\) calls group_norm"):
        counted(Mixer().eval(), noise, ["first", "second"], influence)


def test_an_image_is_counted_the_same_alone_and_in_a_batch(demo: Any, images: Tensor) -> None:
    together, _, _ = counted(demo.module, images, demo.layers, "gradient")
    added: dict[str, dict[tuple[int, int], int]] = {}
    for image in images:
        alone, _, _ = counted(demo.module, image[None], demo.layers, "gradient")
        for layer, pairs in alone.items():
            for pair, count in pairs.items():
                added.setdefault(layer, {})[pair] = added.get(layer, {}).get(pair, 0) + count
    assert together == added
