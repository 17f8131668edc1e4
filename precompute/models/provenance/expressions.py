"""What a value's channels are made of: an expression over recorded layers, convolutions, additions and selections.

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
    """The channels of a recorded layer, one by one.

    Attributes:
        layer: the recorded layer.
        sign: `(channel,)`, -1 where the channel is turned round, so that raising the layer's lowers it, else 1; None
            where none is.
    """

    layer: RecordedLayer
    sign: Tensor | None = None

    @property
    def n_channels(self) -> int:
        return self.layer.n_channels


@dataclass(frozen=True, eq=False)
class Nothing:
    """Channels that no recorded layer feeds: zero padding, or values that come from the image past all of them."""

    n_channels: int


@dataclass(frozen=True, eq=False)
class Convolution:
    """Channels made by a convolution.

    Attributes:
        node: the convolution in the graph.
        weight: `(target, source / groups, rows, columns)`, with all scales folded in that follow the convolution, and
            behind a nonlinearity their signs: a positive weight raises the channel.
        stride, dilation, groups: as in torch, rows before columns.
        padding: zeros on either side.
        input_node: the value that it reads.
        input: that value's channels.
        gain: `(channel,)`, what was folded into the weight; None where that is nothing.
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
        """Whether every channel reads one channel."""
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
    """One term of a sum; one that is no open convolution counts by the activation it passes.

    Attributes:
        channels: the term's channels, turned round where the factor is negative.
        node: its value before the factor.
        factor: `(channel,)`, by what the value enters the sum; None where that is 1.
    """

    channels: Channels
    node: fx.Node
    factor: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Addition:
    """Channel-wise sum."""

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


def parts_of(channels: Channels) -> list[Channels]:
    """Every expression below and including this one, each once and behind its own parts; blocks share parts."""
    return post_order(channels, inner_of)


def post_order(channels: Channels, needs: Callable[[Channels], Sequence[Channels]]) -> list[Channels]:
    """An expression and all that it needs, directly or not, each once and behind what it needs itself."""
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


def inner_of(channels: Channels) -> tuple[Channels, ...]:
    """The expressions right inside an expression."""
    match channels:
        case Convolution(input=inner) | Passed(inner) | Selection(of=inner):
            return (inner,)
        case Concatenation(parts):
            return parts
        case Addition(terms):
            return tuple(term.channels for term in terms)
        case _:
            return ()


def passed(channels: Channels) -> Channels:
    """The channels behind something that changes values but keeps channels apart."""
    return channels if isinstance(channels, Source | Nothing | Passed) else Passed(channels)


def arranged(parts: list[Channels], part: list[int], channel: list[int]) -> Channels:
    """Channels taken from several values: of value `part[c]` its channel `channel[c]`, or nothing where that is -1.

    Consecutive channels of one value stay together, so that a mere concatenation is told as one.
    """
    runs: list[list[int]] = []
    for place, (index, one) in enumerate(zip(part, channel, strict=True)):
        follows = bool(runs) and part[place - 1] == index and (index < 0 or channel[place - 1] == one - 1)
        runs[-1].append(place) if follows else runs.append([place])
    if len(runs) > _MAX_RUNS:
        firsts = [sum(p.n_channels for p in parts[:index]) for index in range(len(parts))]
        whole = parts[0] if len(parts) == 1 else Concatenation(tuple(parts))
        if -1 in part:
            firsts, whole = [*firsts, whole.n_channels], Concatenation((whole, Nothing(1)))
        return Selection(whole, tuple(firsts[index] + max(one, 0) for index, one in zip(part, channel, strict=True)))
    pieces: list[Channels] = []
    for run in runs:
        index, kept = part[run[0]], tuple(channel[place] for place in run)
        if index < 0:
            pieces.append(Nothing(len(run)))
        elif kept == tuple(range(parts[index].n_channels)):
            pieces.append(parts[index])
        else:
            pieces.append(Selection(parts[index], kept))
    return pieces[0] if len(pieces) == 1 else Concatenation(tuple(pieces))


_MAX_RUNS = 256  # beyond, as after a channel shuffle, one selection says it shorter than a concatenation
