"""Scales and turns the channels of an expression: what a batch norm, a factor or a minus does to them.

A convolution that is open takes a scale into its weight. Behind a nonlinearity only the scale's sign goes on: what used
to lower a channel now raises it. A channel that is scaled by 0 is constant, and nothing feeds it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

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
    inner_of,
    passed,
    post_order,
)


class Turner:
    """Scales expressions of one graph, and keeps the opposite of each, so that deep networks hold at most both."""

    def __init__(self) -> None:
        self._opposites: dict[Channels, Channels] = {}

    def scaled(self, channels: Channels, scale: Tensor) -> Channels:
        """Multiplies channels by a scale `(channel,)` in double precision; closed ones take its sign alone."""
        if bool((scale == 1).all()):
            return channels
        match channels:
            case Convolution():
                return _multiplied(channels, scale)
            case Concatenation(parts):
                return Concatenation(tuple(self.scaled(*piece) for piece in _pieces(parts, scale)))
            case Addition() | Selection() if not bool((scale.abs() == 1).all()):
                return passed(self.turned(channels, scale.sign()))
            case _:
                return self.turned(channels, scale.sign())

    def turned(self, channels: Channels, sign: Tensor) -> Channels:
        """Turns the channels round whose `sign` is -1, and cuts those off whose sign is 0."""
        if bool((sign > 0).all()):
            return channels
        if bool((sign < 0).all()):
            return self._opposite(channels)
        is_cut = bool((sign == 0).any())
        match channels:
            case Convolution():
                return _multiplied(channels, sign)
            case Concatenation(parts):
                return Concatenation(tuple(self.turned(*piece) for piece in _pieces(parts, sign)))
            case Passed(inner):
                return passed(self.turned(inner, sign))
            case Source() if not is_cut:
                return _turned_source(channels, sign)
            case Selection(inner, index) if not is_cut and len(set(index)) == len(index):
                whole = torch.ones(inner.n_channels, dtype=torch.float64)
                whole[list(index)] = sign
                return Selection(self.turned(inner, whole), index)
            case Addition(terms) if not is_cut:
                return replace(channels, terms=tuple(self._turned_term(term, sign) for term in terms))
            case _:
                return self._mixed(channels, sign)

    def weighted(self, term: Term, coefficient: Tensor) -> Term:
        """The term as it enters a sum by a coefficient `(channel,)`, none of them 0."""
        if bool((coefficient == 1).all()):
            return term
        is_open = isinstance(term.channels, Convolution)
        channels = (self.scaled if is_open else self.turned)(
            term.channels, coefficient if is_open else coefficient.sign()
        )
        return Term(channels, term.node, _product(term.factor, coefficient))

    def _turned_term(self, term: Term, sign: Tensor) -> Term:
        # A nested sum is not turned channel by channel, or every step of a deep network would hold a copy of all below.
        is_flat = isinstance(term.channels, Convolution | Source)
        channels = (self.turned if is_flat else self._mixed)(term.channels, sign)
        return Term(channels, term.node, _product(term.factor, sign))

    def _mixed(self, channels: Channels, sign: Tensor) -> Channels:
        """Of each channel the one or the other direction, or nothing."""
        n_channels = channels.n_channels
        both = Concatenation((channels, self._opposite(channels), Nothing(1)))
        place = torch.arange(n_channels) + n_channels * (sign < 0)
        return Selection(both, tuple(place.where(sign != 0, 2 * n_channels).tolist()))

    def _opposite(self, channels: Channels) -> Channels:
        """The same channels, all turned round. Not by recursion: networks are deeper than Python's stack."""
        known = self._opposites
        for part in post_order(channels, lambda e: () if isinstance(e, Convolution) or e in known else inner_of(e)):
            if part not in known:
                found = self._opposed(part)
                known[part], known[found] = found, part
        return known[channels]

    def _opposed(self, channels: Channels) -> Channels:
        """The opposite of an expression whose parts have theirs."""
        known = self._opposites
        match channels:
            case Source():
                return _turned_source(channels, -torch.ones(channels.n_channels, dtype=torch.float64))
            case Convolution():
                return _multiplied(channels, -torch.ones(channels.n_channels, dtype=torch.float64))
            case Passed(inner):
                return Passed(known[inner])
            case Selection(inner, index):
                return Selection(known[inner], index)
            case Concatenation(parts):
                return Concatenation(tuple(known[part] for part in parts))
            case Addition(terms, n_channels):
                minus = -torch.ones(n_channels, dtype=torch.float64)
                opposed = (Term(known[one.channels], one.node, _product(one.factor, minus)) for one in terms)
                return Addition(tuple(opposed), n_channels)
            case Nothing():
                return channels


def _pieces(parts: tuple[Channels, ...], scale: Tensor) -> list[tuple[Channels, Tensor]]:
    """Every part of a concatenation with its own share of a scale."""
    return list(zip(parts, scale.split([part.n_channels for part in parts]), strict=True))


def _multiplied(convolution: Convolution, scale: Tensor) -> Convolution:
    weight = convolution.weight.double() * scale[:, None, None, None]
    return replace(convolution, weight=weight.to(convolution.weight.dtype), gain=_product(convolution.gain, scale))


def _turned_source(source: Source, sign: Tensor) -> Source:
    product = _product(source.sign, sign)
    return replace(source, sign=None if bool((product > 0).all()) else product)


def _product(known: Tensor | None, factor: Tensor) -> Tensor:
    return factor if known is None else known * factor
