"""The targets of a link, sorted by the fastest exact method to find their strongest sources."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from precompute.aggregate.kernels.convolution import is_windowed, reads_every_position
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
)

__all__ = ["Bottleneck", "Pieces", "Shortcut"]


@dataclass(frozen=True)
class Shortcut:
    """Channels of a layer that are added to targets as they are.

    Attributes:
        node: the value that is added.
        sources: by target, the channel of the layer that is passed on; -1 for none.
    """

    node: fx.Node
    sources: NDArray[np.int64]


@dataclass(frozen=True)
class Bottleneck:
    """Targets of a convolution of what another one makes of a layer.

    Attributes:
        rows: indices of the targets.
        outer: makes the targets, of the middle channels.
        inner: makes the middle channels.
        layer: the layer that the inner one reads.
        shortcut: what is added to the targets, of the same layer; None for nothing.
    """

    rows: slice
    outer: Convolution
    inner: Convolution
    layer: fx.Node
    shortcut: Shortcut | None = None


@dataclass(frozen=True)
class Pieces:
    """The targets of a link by the method that finds their strongest sources.

    Attributes:
        pointwise: targets of a 1x1 convolution of a layer: rows, convolution, layer.
        windowed: targets of a convolution of several taps of a layer, as above.
        bottlenecks: targets of a convolution of several taps of the outputs of another convolution.
        others: indices of the other targets.
        rest: an expression of the others alone; None where there are none.
    """

    pointwise: list[tuple[slice, Convolution, fx.Node]]
    windowed: list[tuple[slice, Convolution, fx.Node]]
    bottlenecks: list[Bottleneck]
    others: Tensor
    rest: Channels | None

    @classmethod
    def split(cls, channels: Channels) -> Pieces:
        """Splits a link's expression along its outermost concatenation."""
        channels = _strip(channels)
        pieces = cls([], [], [], torch.ones(channels.n_channels, dtype=torch.bool), None)
        rest: list[Channels] = []
        first = 0
        for part in channels.parts if isinstance(channels, Concatenation) else (channels,):
            rows = slice(first, first + part.n_channels)
            first = rows.stop
            if not pieces._take(rows, _strip(part)):
                rest.append(part)
        joined = None if not rest else rest[0] if len(rest) == 1 else Concatenation(tuple(rest))
        return replace(pieces, others=pieces.others.nonzero()[:, 0], rest=joined)

    def _take(self, rows: slice, part: Channels) -> bool:
        if isinstance(part, Addition):
            found = _find_bottleneck_and_shortcut(rows, part)
        elif not isinstance(part, Convolution):
            return False
        elif isinstance(below := _strip(part.input), Source):
            if reads_every_position(part):
                self.pointwise.append((rows, part, below.layer.node))
            elif is_windowed(part):
                self.windowed.append((rows, part, below.layer.node))
            else:
                return False
            self.others[rows] = False
            return True
        else:
            found = _find_bottleneck(rows, part)
        if found is None:
            return False
        self.bottlenecks.append(found)
        self.others[rows] = False
        return True


def _find_bottleneck(rows: slice, outer: Convolution) -> Bottleneck | None:
    inner = _strip(outer.input)
    if not isinstance(inner, Convolution) or not is_windowed(outer):
        return None
    source = _strip(inner.input)
    if not isinstance(source, Source) or not (reads_every_position(inner) or is_windowed(inner)):
        return None
    return Bottleneck(rows, outer, inner, source.layer.node)


def _find_bottleneck_and_shortcut(rows: slice, added: Addition) -> Bottleneck | None:
    """Finds the residual block that an addition is: two convolutions, and channels of what they read."""
    convolutions = [term.channels for term in added.terms if isinstance(term.channels, Convolution)]
    others = [term for term in added.terms if not isinstance(term.channels, Convolution)]
    if len(convolutions) != 1 or len(others) != 1 or others[0].factor is not None:
        return None
    found, passed = _find_bottleneck(rows, convolutions[0]), _list_passed(others[0].channels)
    if found is None or passed is None or any(layer not in (None, found.layer) for layer, _ in passed):
        return None
    return replace(found, shortcut=Shortcut(others[0].node, np.array([channel for _, channel in passed])))


def _list_passed(channels: Channels) -> list[tuple[fx.Node | None, int]] | None:
    """Lists the layer and the channel that each channel is; None and -1 for none.

    Returns:
        None where a channel is another one than a layer's, or is turned round.
    """
    match channels:
        case Source(layer, None):
            return [(layer.node, channel) for channel in range(layer.n_channels)]
        case Nothing(n_channels):
            return [(None, -1)] * n_channels
        case Passed(inner):
            return _list_passed(inner)
        case Selection(inner, index):
            of = _list_passed(inner)
            return None if of is None else [of[channel] for channel in index]
        case Concatenation(parts):
            each = [_list_passed(part) for part in parts]
            return None if None in each else [one for found in each if found is not None for one in found]
    return None


def _strip(channels: Channels) -> Channels:
    """Strips the steps that pass every channel on."""
    while isinstance(channels, Passed):
        channels = channels.of
    return channels
