"""The targets of a link, sorted by the way in which their strongest sources are found."""

from __future__ import annotations

import torch
from torch import fx

from precompute.aggregate.influence.traced_pieces import Pieces
from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Source,
    Term,
)

LAYER = RecordedLayer("source", fx.Graph().placeholder("x"), "Conv2d", 3, 4, 4, None)
SOURCE = Source(LAYER)


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


def test_a_wide_convolution_of_a_1x1_is_a_bottleneck() -> None:
    inner = make_convolution(SOURCE, 4)
    outer = make_convolution(Passed(inner), kernel=3)
    assert Pieces.split(outer).bottlenecks == [(slice(0, 2), outer, inner, LAYER.node)]


def test_other_convolutions_are_the_rest() -> None:
    strided = make_convolution(SOURCE, stride=2)
    wide = make_convolution(SOURCE, kernel=3)
    deep = make_convolution(make_convolution(make_convolution(SOURCE)), kernel=3)
    for convolution in (strided, wide, deep):
        pieces = Pieces.split(convolution)
        assert pieces.rest is convolution and pieces.others.tolist() == [0, 1]
        assert not pieces.pointwise and not pieces.bottlenecks


def test_the_parts_of_a_concatenation_are_sorted_one_by_one() -> None:
    first, last = make_convolution(SOURCE), make_convolution(make_convolution(SOURCE, 4), kernel=3)
    added = Addition((Term(SOURCE, LAYER.node), Term(Nothing(3), LAYER.node)), 3)
    pieces = Pieces.split(Passed(Concatenation((first, added, last, SOURCE))))
    assert [rows for rows, *_ in pieces.pointwise] == [slice(0, 2)]
    assert [rows for rows, *_ in pieces.bottlenecks] == [slice(5, 7)]
    assert pieces.others.tolist() == [2, 3, 4, 7, 8, 9]
    assert isinstance(pieces.rest, Concatenation) and pieces.rest.parts == (added, SOURCE)
