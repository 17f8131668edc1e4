"""Expressions over channels: their sizes, their parts, and arrangements of channels from several values."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import fx

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
    arrange,
    close,
    list_inner,
    list_parts,
)

NODES = [fx.Graph().placeholder(f"value{i}") for i in range(4)]


def make_source(n_channels: int, index: int = 0) -> Source:
    """Makes the channels of a recorded layer."""
    return Source(RecordedLayer(f"layer{index}", NODES[index], "Conv2d", n_channels, 1, 1, None))


def make_convolution(channels: Channels, n_channels: int, groups: int = 1) -> Convolution:
    """Makes a pointwise convolution of channels."""
    weight = torch.ones(n_channels, channels.n_channels // groups, 1, 1)
    return Convolution(NODES[3], weight, (1, 1), (0, 0), (1, 1), groups, NODES[2], channels)


def trace(channels: Channels, index: int) -> tuple[str, int] | None:
    """Finds the layer and the channel that a channel of an expression is, by recursion."""
    match channels:
        case Source(layer):
            return layer.name, index
        case Selection(inner, kept):
            return trace(inner, kept[index])
        case Concatenation(parts):
            for part in parts:
                if index < part.n_channels:
                    return trace(part, index)
                index -= part.n_channels
    return None


def test_sizes_follow_from_the_parts() -> None:
    source = make_source(6)
    grouped = make_convolution(source, 4, groups=2)

    assert (grouped.n_channels, grouped.n_inputs, grouped.is_depthwise) == (4, 6, False)
    assert make_convolution(source, 6, groups=6).is_depthwise
    assert not make_convolution(make_source(1), 6).is_depthwise  # one input, but no group of its own for each channel
    assert Concatenation((source, grouped, Nothing(2))).n_channels == 12
    assert Selection(source, (5, 0, 0)).n_channels == 3
    assert Passed(grouped).n_channels == 4


def test_parts_are_listed_once_and_after_their_own_parts() -> None:
    source = make_source(2)
    convolution = make_convolution(source, 2)
    closed = Passed(convolution)
    total = Addition((Term(closed, NODES[1]), Term(source, NODES[0])), 2)

    found = list_parts(total)

    assert set(map(id, found)) == {id(part) for part in (source, convolution, closed, total)}
    assert len(found) == 4
    for part in found:
        assert all(found.index(inner) < found.index(part) for inner in list_inner(part))


def test_nothing_is_closed_twice() -> None:
    source = make_source(2)
    convolution = make_convolution(source, 2)

    assert close(source) is source  # a recorded layer is behind its nonlinearity already
    closed = close(convolution)
    assert isinstance(closed, Passed) and close(closed) is closed
    nothing = Nothing(3)
    assert close(nothing) is nothing


def test_a_whole_value_is_arranged_as_itself() -> None:
    source = make_source(3)

    assert arrange([source], [0, 0, 0], [0, 1, 2]) is source


def test_neighbours_of_one_value_stay_together() -> None:
    first, second = make_source(3, 0), make_source(2, 1)

    found = arrange([first, second], [0, 0, 0, 1, 1], [0, 1, 2, 0, 1])
    assert isinstance(found, Concatenation)
    assert found.parts == (first, second)

    found = arrange([first, second], [1, -1, -1, 0, 0], [1, -1, -1, 1, 2])
    assert isinstance(found, Concatenation)
    assert [type(part) for part in found.parts] == [Selection, Nothing, Selection]
    assert [part.n_channels for part in found.parts] == [1, 2, 2]


def test_many_runs_become_one_selection() -> None:
    reverse = list(range(600))[::-1]

    found = arrange([make_source(600)], [0] * 600, reverse)

    assert isinstance(found, Selection) and found.index == tuple(reverse)


@pytest.mark.parametrize("n_repetitions", [1, 200])
@given(data=st.data())
def test_every_channel_of_an_arrangement_is_the_one_asked_for(n_repetitions: int, data: st.DataObject) -> None:
    sources = [make_source(3, 0), make_source(2, 1)]
    channels = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (-1, -1)]
    chosen = data.draw(st.lists(st.sampled_from(channels), min_size=1, max_size=8)) * n_repetitions

    found = arrange(list(sources), [part for part, _ in chosen], [channel for _, channel in chosen])

    assert found.n_channels == len(chosen)
    for index, (part, channel) in enumerate(chosen):
        assert trace(found, index) == (None if part < 0 else (f"layer{part}", channel))
