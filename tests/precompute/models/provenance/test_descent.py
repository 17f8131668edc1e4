"""Descent of channels, by expressions whose answer is plain."""

from __future__ import annotations

import torch
from torch import Tensor, fx

from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.descent import find_descents, is_turned
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

LAYER, CONVOLUTION = fx.Graph().placeholder("layer"), fx.Graph().placeholder("convolution")


def make_source(*sign: int) -> Source:
    """Makes a layer with channels of these signs."""
    layer = RecordedLayer("layer", LAYER, "Conv2d", len(sign), 1, 1, None)
    return Source(layer, None if min(sign) > 0 else torch.tensor(sign))


def make_convolution(channels: Channels, n_channels: int, gain: Tensor | None = None) -> Convolution:
    """Makes a pointwise convolution, with what was folded into it."""
    weight = torch.ones(n_channels, channels.n_channels, 1, 1)
    return Convolution(CONVOLUTION, weight, (1, 1), (0, 0), (1, 1), 1, LAYER, channels, gain)


def test_a_channel_of_a_layer_descends_from_itself() -> None:
    assert find_descents(make_source(1, 1)) == [{(LAYER, 0): 1}, {(LAYER, 1): 1}]
    assert find_descents(make_source(1, -1)) == [{(LAYER, 0): 1}, {(LAYER, 1): -1}]


def test_a_convolution_is_an_origin_and_ends_the_descent() -> None:
    channels = make_convolution(make_source(-1, -1), 3, torch.tensor([2.0, -0.5, 0.0]))

    assert find_descents(Passed(channels)) == [{(CONVOLUTION, 0): 1}, {(CONVOLUTION, 1): -1}, {}]


def test_selections_and_concatenations_keep_each_channel_apart() -> None:
    source = make_source(1, -1)
    channels = Concatenation((Selection(source, (1, 1)), Nothing(1), source))

    assert find_descents(channels) == [{(LAYER, 1): -1}, {(LAYER, 1): -1}, {}, {(LAYER, 0): 1}, {(LAYER, 1): -1}]


def test_an_origin_of_both_signs_has_none() -> None:
    source, turned = make_source(1, 1), make_source(-1, 1)
    convolution = make_convolution(source, 2)
    total = Addition((Term(source, LAYER), Term(turned, LAYER), Term(convolution, CONVOLUTION)), 2)

    assert find_descents(total) == [{(LAYER, 0): 0, (CONVOLUTION, 0): 1}, {(LAYER, 1): 1, (CONVOLUTION, 1): 1}]
    mixed = Addition((Term(total, LAYER), Term(source, LAYER)), 2)
    assert find_descents(mixed)[0][LAYER, 0] == 0  # once of both signs, always of both


def test_a_value_is_turned_where_any_origin_lowers_it() -> None:
    known: dict[Channels, bool] = {}
    straight, turned = make_source(1, 1), make_source(1, -1)

    assert not is_turned(Passed(make_convolution(turned, 2)), known)  # beyond a convolution nothing counts
    assert is_turned(Concatenation((straight, turned)), known)
    assert known[turned] and not known[straight]


def test_answers_are_taken_from_what_is_known() -> None:
    closed = Passed(make_source(1, 1))

    # Sums of a deep network share most of their parts: without this each would be searched to the bottom.
    assert is_turned(Concatenation((closed, Nothing(1))), {closed: True})
