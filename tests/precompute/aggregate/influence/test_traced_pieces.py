"""The targets of a link, sorted by the way in which their strongest sources are found."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import fx

from precompute.aggregate.influence.traced_pieces import Bottleneck, Pieces
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

LAYER = RecordedLayer("source", fx.Graph().placeholder("x"), "Conv2d", 3, 4, 4, None)
SOURCE, OTHER = Source(LAYER), fx.Graph().placeholder("z")


def make_convolution(below: Channels, n_channels: int = 2, kernel: int = 1, stride: int = 1) -> Convolution:
    """Makes a convolution that keeps the size if its stride is 1."""
    node = fx.Graph().placeholder("x")
    weight = torch.ones(n_channels, below.n_channels, kernel, kernel)
    return Convolution(node, weight, (stride, stride), (kernel // 2,) * 2, (1, 1), 1, node, below)


def test_a_1x1_convolution_of_a_layer_is_pointwise() -> None:
    convolution = make_convolution(Passed(SOURCE))
    pieces = Pieces.split(Passed(convolution))
    assert pieces.pointwise == [(slice(0, 2), convolution, LAYER.node)]
    assert pieces.bottlenecks == [] and pieces.rest is None and pieces.others.tolist() == []


def test_a_wide_convolution_of_a_layer_is_windowed() -> None:
    convolution = make_convolution(Passed(SOURCE), kernel=3)
    pieces = Pieces.split(Passed(convolution))
    assert pieces.windowed == [(slice(0, 2), convolution, LAYER.node)]
    assert not pieces.pointwise and not pieces.bottlenecks and pieces.rest is None


@pytest.mark.parametrize("kernel", [1, 3])
def test_a_wide_convolution_of_another_one_is_a_bottleneck(kernel: int) -> None:
    inner = make_convolution(SOURCE, 4, kernel)
    outer = make_convolution(Passed(inner), kernel=3)
    assert Pieces.split(outer).bottlenecks == [Bottleneck(slice(0, 2), outer, inner, LAYER.node)]


def test_a_shortcut_may_pass_some_channels_of_the_layer() -> None:
    outer = make_convolution(make_convolution(SOURCE, 4, 3), 4, 3)
    passed = Passed(Concatenation((Nothing(1), Selection(SOURCE, (2, 0)), Nothing(1))))
    (found,) = Pieces.split(Passed(Addition((Term(passed, OTHER), Term(outer, outer.node)), 4))).bottlenecks
    assert found.shortcut is not None and found.shortcut.node is OTHER
    assert found.shortcut.sources.tolist() == [-1, 2, 0, -1]


TURNED = Source(LAYER, torch.tensor([1.0, -1, 1]))
ELSEWHERE = Source(replace(LAYER, node=fx.Graph().placeholder("y")))


@pytest.mark.parametrize(
    "term",
    [
        Term(TURNED, OTHER),
        Term(ELSEWHERE, OTHER),
        Term(SOURCE, OTHER, torch.ones(3)),
        Term(make_convolution(SOURCE, 3), OTHER),
        Term(Passed(make_convolution(SOURCE, 3)), OTHER),
    ],
    ids=["turned round", "of another layer", "by a factor", "a convolution", "a closed convolution"],
)
def test_other_additions_are_the_rest(term: Term) -> None:
    outer = make_convolution(make_convolution(SOURCE, 4, 3), 3, 3)
    added = Addition((Term(outer, outer.node), term), 3)
    pieces = Pieces.split(added)
    assert pieces.rest is added and not pieces.bottlenecks


def test_other_convolutions_are_the_rest() -> None:
    strided = make_convolution(SOURCE, stride=2)
    over_strided = make_convolution(strided, kernel=3)
    deep = make_convolution(make_convolution(make_convolution(SOURCE)), kernel=3)
    for convolution in (strided, over_strided, deep):
        pieces = Pieces.split(convolution)
        assert pieces.rest is convolution and pieces.others.tolist() == [0, 1]
        assert not pieces.pointwise and not pieces.windowed and not pieces.bottlenecks


def test_the_parts_of_a_concatenation_are_sorted_one_by_one() -> None:
    first, last = make_convolution(SOURCE), make_convolution(make_convolution(SOURCE, 4), kernel=3)
    added = Addition((Term(SOURCE, LAYER.node), Term(Nothing(3), LAYER.node)), 3)
    pieces = Pieces.split(Passed(Concatenation((first, added, last, SOURCE))))
    assert [rows for rows, *_ in pieces.pointwise] == [slice(0, 2)]
    assert [one.rows for one in pieces.bottlenecks] == [slice(5, 7)]
    assert pieces.others.tolist() == [2, 3, 4, 7, 8, 9]
    assert isinstance(pieces.rest, Concatenation) and pieces.rest.parts == (added, SOURCE)
