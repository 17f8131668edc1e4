"""The targets of a link, sorted by the fastest exact method to find their strongest sources."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx

from precompute.aggregate.kernels.convolution import is_windowed, reads_every_position
from precompute.models.provenance.expressions import Channels, Concatenation, Convolution, Passed, Source

__all__ = ["Pieces"]


@dataclass(frozen=True)
class Pieces:
    """The targets of a link by the method that finds their strongest sources.

    Attributes:
        pointwise: targets of a 1x1 convolution of a layer: rows, convolution, layer.
        bottlenecks: targets of a convolution of the outputs of a 1x1: rows, outer and inner convolution, layer.
        others: indices of the other targets.
        rest: an expression of the others alone; None where there are none.
    """

    pointwise: list[tuple[slice, Convolution, fx.Node]]
    bottlenecks: list[tuple[slice, Convolution, Convolution, fx.Node]]
    others: Tensor
    rest: Channels | None

    @classmethod
    def split(cls, channels: Channels) -> Pieces:
        """Splits a link's expression along its outermost concatenation."""
        channels = _strip(channels)
        pieces = cls([], [], torch.ones(channels.n_channels, dtype=torch.bool), None)
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
        if not isinstance(part, Convolution):
            return False
        below = _strip(part.input)
        if reads_every_position(part) and isinstance(below, Source):
            self.pointwise.append((rows, part, below.layer.node))
        elif isinstance(below, Convolution) and reads_every_position(below) and is_windowed(part):
            source = _strip(below.input)
            if not isinstance(source, Source):
                return False
            self.bottlenecks.append((rows, part, below, source.layer.node))
        else:
            return False
        self.others[rows] = False
        return True


def _strip(channels: Channels) -> Channels:
    """Strips the steps that pass every channel on."""
    while isinstance(channels, Passed):
        channels = channels.of
    return channels
