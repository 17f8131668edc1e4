"""Summit's counts equal loops and dictionaries on the demo network, and compositions worked out by hand."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor, fx

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.pairs import PairSums
from precompute.aggregate.influence.summit import SampledInfluence, compose_counts
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    Term,
)
from precompute.models.provenance.links import Link
from precompute.models.sources.loading import LoadedModel
from tests.reference.influence import Conv, compute_influence, fold_norm
from tests.reference.measures import (
    Pairs,
    choose_stronger,
    count_as_summit,
    shift_pairs,
)
from tests.reference.measures import (
    compose_counts as compose_by_loops,
)
from tests.support.counting import count_links
from tests.support.drawn_convolutions import build_expression, draw_whole_numbers

TOP_K = 5


def count_demo_by_hand(model: Any, images: Tensor) -> dict[str, Pairs]:
    """Counts the demo network as Summit: modules one after another, branches composed and put side by side."""

    def count(conv: Conv, reads: Tensor) -> Pairs:
        return count_as_summit(conv, list(reads), TOP_K)

    def count_mixed(block: Any, read: Tensor) -> Pairs:
        found: Pairs = {}
        for branch, offset in ((block.branch1, 0), (block.branch_pool[1], sum(list_widths(block)[:3]))):
            # Summit gave the pooling branch's projection the values before the pooling.
            found |= shift_pairs(count(fold_norm(branch[0], branch[1]), read), targets=offset)
        first = list_widths(block)[0]
        for branch in (block.branch3, block.branch5):
            inner = count(fold_norm(branch[0][0], branch[0][1]), read)
            outer = count(fold_norm(branch[1][0], branch[1][1]), branch[0](read))
            found |= shift_pairs(compose_by_loops(outer, inner), targets=first)
            first += branch[1][0].out_channels
        return found

    with torch.no_grad():
        stem = model.stem(images)
        conv2 = model.conv2(model.pool1(stem))
        mixed1 = model.mixed1(conv2)
        mixed2 = model.mixed2(model.pool2(mixed1))
        block = model.residual
        inner = count(fold_norm(block.conv1[0], block.conv1[1]), mixed2)
        outer = count(fold_norm(block.conv2, block.norm2), block.conv1(mixed2))
        shortcut = {(channel, channel): len(images) for channel in range(mixed2.shape[1])}
        return {
            "conv2": count(fold_norm(model.conv2[0], model.conv2[1]), model.pool1(stem)),
            "mixed1": count_mixed(model.mixed1, conv2),
            "mixed2": count_mixed(model.mixed2, model.pool2(mixed1)),
            "residual": choose_stronger(compose_by_loops(outer, inner), shortcut),
            "mixed3": count_mixed(model.mixed3, model.pool3(block(mixed2))),
        }


def list_widths(block: Any) -> list[int]:
    return [
        block.branch1[0].out_channels,
        block.branch3[1][0].out_channels,
        block.branch5[1][0].out_channels,
        block.branch_pool[1][0].out_channels,
    ]


def test_summit_counts_equal_loops_and_dictionaries(demo: LoadedModel, images: Tensor) -> None:
    found = count_links(demo.module, images, demo.layers, AggregateConfig(influence="summit"))
    expected = count_demo_by_hand(demo.module, images)
    assert set(found) == set(expected)
    for layer, pairs in expected.items():
        assert found[layer] == {pair: count for pair, count in pairs.items() if count}, layer


def test_every_third_position_counts_from_the_first_on() -> None:
    conv = Conv(draw_whole_numbers(4, 2, 3, 3), stride=2, padding=1)
    read = draw_whole_numbers(2, 13, 13, seed=3)
    expression = build_expression(conv)
    found = SampledInfluence(expression, expression.input_node)({expression.input_node: read[None]})  # type: ignore[arg-type]
    assert torch.equal(found[0], compute_influence(Conv(conv.weight, 6, 1), read))
    assert not torch.equal(found[0], compute_influence(conv, read))


# --- compositions by hand -------------------------------------------------------------------------------------------

LAYER = RecordedLayer("source", cast(fx.Node, fx.Graph().placeholder("x")), "Conv2d", 3, 1, 1, None)
SOURCE = Source(LAYER)


def make_convolution(n_channels: int, below: Channels) -> Convolution:
    """Makes a 1x1 convolution of ones; only its shape matters to counts."""
    node = fx.Graph().placeholder("x")
    weight = torch.ones(n_channels, below.n_channels, 1, 1)
    return Convolution(node, weight, (1, 1), (0, 0), (1, 1), 1, node, below)


def make_sums(pairs: dict[tuple[int, int], tuple[int, float]]) -> PairSums:
    """Makes sums of counts and mean influences by target and source."""
    rows = sorted((target, source, count, count * mean) for (target, source), (count, mean) in pairs.items())
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    target, source, count, total = (np.array(column) for column in columns)
    return PairSums(target.astype(np.int32), source.astype(np.int32), count.astype(np.int32), total.astype(float))


def compose(channels: Channels, *sums: tuple[Channels, PairSums], n_images: int = 10) -> dict[Any, tuple[int, float]]:
    """Composes the counts of a link to one target; returns counts and mean influences by target and source."""
    target = RecordedLayer("target", LAYER.node, "Conv2d", channels.n_channels, 1, 1, None)
    link = Link(target, (LAYER,), channels)
    found = compose_counts(link, {id(one): counted for one, counted in sums}, n_images)
    rows = zip(found.target_channel, found.source, found.influence_count, found.influence_sum, strict=True)
    return {(int(j), int(i)): (int(count), float(total / count)) for j, i, count, total in rows}


INNER = make_convolution(2, SOURCE)
OUTER = make_convolution(1, INNER)
OF_INNER = make_sums({(0, 0): (4, 1.0), (0, 1): (2, 8.0), (1, 0): (6, 0.5)})


def test_one_convolution_has_its_own_counts() -> None:
    assert compose(INNER, (INNER, OF_INNER)) == {(0, 0): (4, 1.0), (0, 1): (2, 8.0), (1, 0): (6, 0.5)}


def test_two_convolutions_have_the_counts_of_the_best_middle_channel() -> None:
    # To source 0: over middle 0 min(5, 4) = 4, over middle 1 min(3, 6) = 3. To source 1: min(5, 2) = 2.
    # The mean is that of the weaker step, like the count: min(2.0, 1.0) over middle 0, and min(2.0, 8.0).
    of_outer = make_sums({(0, 0): (5, 2.0), (0, 1): (3, 9.0)})
    assert compose(OUTER, (INNER, OF_INNER), (OUTER, of_outer)) == {(0, 0): (4, 1.0), (0, 1): (2, 2.0)}


def test_of_equally_good_middle_channels_the_greater_mean_counts() -> None:
    of_inner = make_sums({(0, 0): (4, 1.0), (1, 0): (4, 3.0)})
    of_outer = make_sums({(0, 0): (9, 5.0), (0, 1): (9, 5.0)})
    assert compose(OUTER, (INNER, of_inner), (OUTER, of_outer)) == {(0, 0): (4, 3.0)}


def test_a_shortcut_passes_its_channels_in_every_image() -> None:
    assert compose(Passed(SOURCE), n_images=7) == {(i, i): (7, 1.0) for i in range(3)}


def test_a_shortcut_that_is_turned_round_passes_nothing_but_can_be_read() -> None:
    turned = Source(LAYER, torch.tensor([1.0, -1.0, 1.0]))
    assert compose(turned, n_images=7) == {(0, 0): (7, 1.0), (2, 2): (7, 1.0)}
    reader = make_convolution(1, turned)
    assert compose(reader, (reader, make_sums({(0, 1): (3, 2.0)}))) == {(0, 1): (3, 2.0)}


@pytest.mark.parametrize(("count", "kept"), [(6, (7, 1.0)), (8, (8, 0.25))])
def test_of_two_paths_the_stronger_one_counts(count: int, kept: tuple[int, float]) -> None:
    convolution = make_convolution(3, SOURCE)
    first, second = make_convolution(3, SOURCE), make_sums({(0, 0): (7, 1.0)})
    total = Addition((Term(convolution, LAYER.node), Term(first, LAYER.node)), 3)
    found = compose(total, (convolution, make_sums({(0, 0): (count, 0.25)})), (first, second))
    assert found == {(0, 0): kept}


def test_selections_and_concatenations_keep_every_channels_counts() -> None:
    parts = Concatenation((Selection(SOURCE, (2, 2)), Nothing(1), Selection(INNER, (1,))))
    assert compose(parts, (INNER, OF_INNER)) == {(0, 2): (10, 1.0), (1, 2): (10, 1.0), (3, 0): (6, 0.5)}
