"""Traced influence between recorded layers: single convolutions, bottlenecks, residual additions, concatenations.

One convolution between two layers gives its influence as it is. Over several, the influence is the sum over paths of
the product of shares, a share being a positive influence divided by the sum of all that reach the same channel
(algorithms.md, "Influence").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.aggregate.convolution import convolution_influence
from precompute.models.provenance import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Link,
    Nothing,
    Passed,
    Selection,
    Source,
)

Values = Mapping[fx.Node, Tensor]
"""What the forward pass computed at the nodes that influence reads, each `(batch, channel, height, width)`."""


@dataclass(frozen=True)
class _Arrivals:
    """What arrives at some channels from the recorded sources.

    Attributes:
        influence: `(batch, channel, source)`, not negative; the batch may be 1 where images do not differ.
        is_composed: `(channel,)`, paths of several steps reach the channel, so that its row is made of shares.
        is_identity: `(channel,)`, the channel *is* one source channel, or none: a row with a single one, or zeros.
    """

    influence: Tensor
    is_composed: Tensor
    is_identity: Tensor


class LinkInfluence:
    """Tells the influences of one link, image by image of a batch."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._first = {}
        self.n_sources = 0
        for source in link.sources:
            self._first[source.node] = self.n_sources
            self.n_sources += source.n_channels

    def __call__(self, values: Values) -> Tensor:
        """Influences of one batch, `(batch, target channel, source channel)`.

        Source channels of several feeding layers stand one layer after another, in the order of `link.sources`.
        """
        arrivals = self._arrivals(self.link.channels, values, {})
        if not bool(arrivals.is_identity.any()):
            return arrivals.influence
        # A channel that is a source channel passed on, as in a dense block: its influence is what it passes.
        passed = values[self.link.target.node].flatten(2).amax(2).clamp_min(0)
        return arrivals.influence * torch.where(arrivals.is_identity, passed, 1)[:, :, None]

    def _arrivals(self, channels: Channels, values: Values, known: dict[int, _Arrivals]) -> _Arrivals:
        if id(channels) not in known:
            known[id(channels)] = self._computed(channels, values, known)
        return known[id(channels)]

    def _computed(self, channels: Channels, values: Values, known: dict[int, _Arrivals]) -> _Arrivals:
        match channels:
            case Source(layer):
                identity = torch.zeros(1, layer.n_channels, self.n_sources, device=_device(values))
                index = torch.arange(layer.n_channels, device=_device(values))
                identity[:, index, index + self._first[layer.node]] = 1
                return _identity(identity)
            case Nothing(n_channels):
                return _identity(torch.zeros(1, n_channels, self.n_sources, device=_device(values)))
            case Passed(inner):
                return self._arrivals(inner, values, known)
            case Selection(inner, index):
                of = self._arrivals(inner, values, known)
                kept = list(index)
                return _Arrivals(of.influence[:, kept], of.is_composed[kept], of.is_identity[kept])
            case Concatenation(parts):
                return _concatenated([self._arrivals(part, values, known) for part in parts])
            case Convolution() | Addition():
                return self._united(channels, values, known)

    def _united(self, channels: Convolution | Addition, values: Values, known: dict[int, _Arrivals]) -> _Arrivals:
        """All that reaches a convolution's channels, or the channels of a sum through any of its terms."""
        terms = channels.terms if isinstance(channels, Addition) else ((channels, channels.node),)
        arrived: Tensor | None = None
        total: Tensor | None = None
        composed = False
        for term, node in terms:
            if isinstance(term, Convolution):
                direct = convolution_influence(term, values[term.input_node])
                below = self._arrivals(term.input, values, known)
                piece = direct if _is_whole(term.input) else torch.matmul(direct, _shares(below))
                reaching = direct.sum(2)
            else:
                passed = values[node].flatten(2).amax(2).clamp_min(0)
                below = self._arrivals(term, values, known)
                piece, reaching = passed[:, :, None] * _shares(below), passed
            composed = composed or not bool(below.is_identity.all())
            arrived = piece if arrived is None else arrived + piece
            total = reaching if total is None else total + reaching
        assert arrived is not None and total is not None
        n_channels = arrived.shape[1]
        return _Arrivals(
            _divided(arrived, total) if composed else arrived,
            is_composed=torch.full((n_channels,), composed, device=arrived.device),
            is_identity=torch.zeros(n_channels, dtype=torch.bool, device=arrived.device),
        )


def _identity(influence: Tensor) -> _Arrivals:
    identity = torch.ones(influence.shape[1], dtype=torch.bool, device=influence.device)
    return _Arrivals(influence, ~identity, identity)


def _device(values: Values) -> torch.device:
    return next(iter(values.values())).device


def _is_whole(channels: Channels) -> bool:
    """Whether the channels are those of one recorded layer, all in order: the common case needs no product."""
    return isinstance(channels, Source)


def _shares(arrivals: _Arrivals) -> Tensor:
    """Arrivals as shares: already so where composed, else divided by what reaches each channel."""
    settled = arrivals.is_composed | arrivals.is_identity
    if bool(settled.all()):
        return arrivals.influence
    total = arrivals.influence.sum(2)
    return _divided(arrivals.influence, torch.where(settled, torch.ones_like(total), total))


def _divided(influence: Tensor, total: Tensor) -> Tensor:
    """`influence / total` over the last axis, 0 where nothing arrives."""
    return influence * torch.where(total > 0, 1 / total, 0)[:, :, None]


def _concatenated(parts: list[_Arrivals]) -> _Arrivals:
    batch = max(len(part.influence) for part in parts)
    return _Arrivals(
        torch.cat([part.influence.expand(batch, -1, -1) for part in parts], dim=1),
        is_composed=torch.cat([part.is_composed for part in parts]),
        is_identity=torch.cat([part.is_identity for part in parts]),
    )


def strongest_sources(influence: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """The `top_k` greatest positive influences of every target channel, ties by the lower source.

    Args:
        influence: `(..., target, source)`, not negative.
        top_k: how many to keep; fewer where fewer are positive.

    Returns:
        values and source indices, `(..., target, min(top_k, source))`; a value of 0 marks a place not taken.
    """
    kept = min(top_k, influence.shape[-1])
    values, index = influence.topk(kept, dim=-1)
    threshold = values[..., -1:]
    tied = ((influence >= threshold).sum(-1) > kept) & (threshold[..., 0] > 0)
    if bool(tied.any()):  # topk breaks ties as it likes
        ordered, order = influence[tied].sort(dim=-1, descending=True, stable=True)
        values[tied], index[tied] = ordered[..., :kept], order[..., :kept]
    return values, index
