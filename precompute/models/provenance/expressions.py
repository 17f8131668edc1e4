"""Expressions for the channels of a value, over recorded layers, convolutions, additions and selections.

A linear layer is a convolution here: with a 1x1 kernel where it reads channels at positions, with a kernel as large as
the maps where it reads them flattened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, fx

from precompute.models.layers.selection import RecordedLayer


@dataclass(frozen=True, eq=False)
class Source:
    """The channels of a recorded layer, in their order.

    Attributes:
        layer: the recorded layer.
        sign: `(channel,)`, -1 where the channel is turned round, so that raising the layer's channel lowers it, else
            1; None where no channel is turned round.
    """

    layer: RecordedLayer
    sign: Tensor | None = None

    @property
    def n_channels(self) -> int:
        return self.layer.n_channels


@dataclass(frozen=True, eq=False)
class Nothing:
    """Channels that no recorded layer feeds: zero padding, or values from the image that bypass all recorded layers."""

    n_channels: int


@dataclass(frozen=True, eq=False)
class Convolution:
    """Channels made by a convolution.

    Attributes:
        node: the convolution in the graph.
        weight: `(target, source / groups, rows, columns)`, with the scales folded in that follow the convolution, and
            the signs of those behind a nonlinearity: a positive weight raises the channel.
        stride, dilation, groups: as in torch, rows before columns.
        padding: zeros on either side.
        input_node: the value that it reads.
        input: that value's channels.
        gain: `(channel,)`, the factor that was folded into the weight; None where there is none.
        overhang: zeros below and to the right beyond `padding`, as even kernels have with `padding="same"`.
    """

    node: fx.Node
    weight: Tensor
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    input_node: fx.Node
    input: Channels
    gain: Tensor | None = None
    overhang: tuple[int, int] = (0, 0)

    @property
    def n_channels(self) -> int:
        return self.weight.shape[0]

    @property
    def n_inputs(self) -> int:
        return self.weight.shape[1] * self.groups

    @property
    def is_depthwise(self) -> bool:
        """True where every channel reads one channel."""
        return self.weight.shape[1] == 1 and self.groups > 1


@dataclass(frozen=True, eq=False)
class Concatenation:
    """The channels of several values, one after another."""

    parts: tuple[Channels, ...]

    @property
    def n_channels(self) -> int:
        return sum(part.n_channels for part in self.parts)


@dataclass(frozen=True, eq=False)
class Selection:
    """Some channels of a value, by index."""

    of: Channels
    index: tuple[int, ...]

    @property
    def n_channels(self) -> int:
        return len(self.index)


@dataclass(frozen=True, eq=False)
class Term:
    """One term of a sum; a term other than an open convolution counts by the activation that it passes on.

    Attributes:
        channels: the term's channels, turned round where the factor is negative.
        node: its value before the factor.
        factor: `(channel,)`, the coefficient of the value in the sum; None where that is 1.
    """

    channels: Channels
    node: fx.Node
    factor: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Addition:
    """A channel-wise sum."""

    terms: tuple[Term, ...]
    n_channels: int


@dataclass(frozen=True, eq=False)
class Passed:
    """The same channels behind a nonlinearity or pooling: closed to folding and to merging into an addition."""

    of: Channels

    @property
    def n_channels(self) -> int:
        return self.of.n_channels


Channels = Source | Nothing | Convolution | Concatenation | Selection | Addition | Passed


def list_parts(channels: Channels) -> list[Channels]:
    """Lists an expression and all expressions in it, each once and after its own parts; blocks share parts."""
    return sort_post_order(channels, list_inner)


def sort_post_order(channels: Channels, needs: Callable[[Channels], Sequence[Channels]]) -> list[Channels]:
    """Lists an expression and all that it needs, directly or indirectly, each once and after what it needs itself.

    Args:
        channels: the expression.
        needs: returns the expressions that one needs directly.
    """
    ordered: list[Channels] = []
    seen: set[int] = set()
    stack = [(channels, False)]
    while stack:
        expression, is_expanded = stack.pop()
        if is_expanded:
            ordered.append(expression)
        elif id(expression) not in seen:
            seen.add(id(expression))
            stack.append((expression, True))
            stack.extend((part, False) for part in needs(expression))
    return ordered


def list_inner(channels: Channels) -> tuple[Channels, ...]:
    """Returns the direct parts of an expression."""
    match channels:
        case Convolution(input=inner) | Passed(inner) | Selection(of=inner):
            return (inner,)
        case Concatenation(parts):
            return parts
        case Addition(terms):
            return tuple(term.channels for term in terms)
        case _:
            return ()


def close(channels: Channels) -> Channels:
    """Wraps channels that pass an operator which changes values but keeps channels apart."""
    return channels if isinstance(channels, Source | Nothing | Passed) else Passed(channels)


def arrange(parts: list[Channels], part: list[int], channel: list[int]) -> Channels:
    """Builds the expression whose channel `c` is channel `channel[c]` of value `part[c]`.

    Consecutive channels of one value stay together, so that a concatenation is expressed as one.

    Args:
        parts: the values.
        part: by channel, the index of its value; -1 for a channel from nothing.
        channel: by channel, its index in that value.
    """
    runs: list[list[int]] = []
    for position, (index, one) in enumerate(zip(part, channel, strict=True)):
        follows = bool(runs) and part[position - 1] == index and (index < 0 or channel[position - 1] == one - 1)
        runs[-1].append(position) if follows else runs.append([position])
    if len(runs) > _MAX_RUNS:
        firsts = [sum(p.n_channels for p in parts[:index]) for index in range(len(parts))]
        whole = parts[0] if len(parts) == 1 else Concatenation(tuple(parts))
        if -1 in part:
            firsts, whole = [*firsts, whole.n_channels], Concatenation((whole, Nothing(1)))
        return Selection(whole, tuple(firsts[index] + max(one, 0) for index, one in zip(part, channel, strict=True)))
    pieces: list[Channels] = []
    for run in runs:
        index, kept = part[run[0]], tuple(channel[position] for position in run)
        if index < 0:
            pieces.append(Nothing(len(run)))
        elif kept == tuple(range(parts[index].n_channels)):
            pieces.append(parts[index])
        else:
            pieces.append(Selection(parts[index], kept))
    return pieces[0] if len(pieces) == 1 else Concatenation(tuple(pieces))


_MAX_RUNS = 256  # with more, as after a channel shuffle, one selection is shorter than a concatenation
