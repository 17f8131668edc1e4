"""Scaling and turning round of the channels of an expression, by a batch norm, a factor or a minus.

An open convolution takes a scale into its weight. Past a nonlinearity only the scale's sign counts: with a negative
scale, an origin that lowered a channel raises it. A channel that is scaled by 0 is constant, and nothing feeds it.
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
    close,
    list_inner,
    sort_post_order,
)


class Turner:
    """A scaler of the expressions of one graph. It keeps the opposite of each, so there are at most two of each."""

    def __init__(self) -> None:
        self._opposites: dict[Channels, Channels] = {}

    def scale(self, channels: Channels, scale: Tensor) -> Channels:
        """Multiplies channels by a scale `(channel,)` in double precision; closed ones take its sign alone."""
        if bool((scale == 1).all()):
            return channels
        match channels:
            case Convolution():
                return _multiply(channels, scale)
            case Concatenation(parts):
                return Concatenation(tuple(self.scale(*piece) for piece in _split_scale(parts, scale)))
            case Addition() | Selection() if not bool((scale.abs() == 1).all()):
                return close(self.turn(channels, scale.sign()))
            case _:
                return self.turn(channels, scale.sign())

    def turn(self, channels: Channels, sign: Tensor) -> Channels:
        """Turns round the channels whose `sign` `(channel,)` is -1, and replaces those whose sign is 0 by nothing."""
        if bool((sign > 0).all()):
            return channels
        if bool((sign < 0).all()):
            return self._get_opposite(channels)
        is_cut = bool((sign == 0).any())
        match channels:
            case Convolution():
                return _multiply(channels, sign)
            case Concatenation(parts):
                return Concatenation(tuple(self.turn(*piece) for piece in _split_scale(parts, sign)))
            case Passed(inner):
                return close(self.turn(inner, sign))
            case Source() if not is_cut:
                return _turn_source(channels, sign)
            case Selection(inner, index) if not is_cut and len(set(index)) == len(index):
                whole = torch.ones(inner.n_channels, dtype=torch.float64)
                whole[list(index)] = sign
                return Selection(self.turn(inner, whole), index)
            case Addition(terms) if not is_cut:
                return replace(channels, terms=tuple(self._turn_term(term, sign) for term in terms))
            case _:
                return self._mix(channels, sign)

    def weigh(self, term: Term, coefficient: Tensor) -> Term:
        """Multiplies a term of a sum by a coefficient `(channel,)`, none of them 0."""
        if bool((coefficient == 1).all()):
            return term
        is_open = isinstance(term.channels, Convolution)
        channels = (self.scale if is_open else self.turn)(term.channels, coefficient if is_open else coefficient.sign())
        return Term(channels, term.node, _multiply_factors(term.factor, coefficient))

    def _turn_term(self, term: Term, sign: Tensor) -> Term:
        # A nested sum is not turned channel by channel, or every step of a deep network would hold a copy of all below.
        is_flat = isinstance(term.channels, Convolution | Source)
        channels = (self.turn if is_flat else self._mix)(term.channels, sign)
        return Term(channels, term.node, _multiply_factors(term.factor, sign))

    def _mix(self, channels: Channels, sign: Tensor) -> Channels:
        """Selects for each channel the one or the other direction, or nothing."""
        n_channels = channels.n_channels
        both = Concatenation((channels, self._get_opposite(channels), Nothing(1)))
        index = torch.arange(n_channels) + n_channels * (sign < 0)
        return Selection(both, tuple(index.where(sign != 0, 2 * n_channels).tolist()))

    def _get_opposite(self, channels: Channels) -> Channels:
        """Returns all channels turned round, without recursion: networks are deeper than Python's stack."""
        known = self._opposites
        for part in sort_post_order(
            channels, lambda e: () if isinstance(e, Convolution) or e in known else list_inner(e)
        ):
            if part not in known:
                found = self._build_opposite(part)
                known[part], known[found] = found, part
        return known[channels]

    def _build_opposite(self, channels: Channels) -> Channels:
        """Builds the opposite of an expression, from the opposites of its parts."""
        known = self._opposites
        match channels:
            case Source():
                return _turn_source(channels, -torch.ones(channels.n_channels, dtype=torch.float64))
            case Convolution():
                return _multiply(channels, -torch.ones(channels.n_channels, dtype=torch.float64))
            case Passed(inner):
                return Passed(known[inner])
            case Selection(inner, index):
                return Selection(known[inner], index)
            case Concatenation(parts):
                return Concatenation(tuple(known[part] for part in parts))
            case Addition(terms, n_channels):
                minus = -torch.ones(n_channels, dtype=torch.float64)
                opposed = (Term(known[one.channels], one.node, _multiply_factors(one.factor, minus)) for one in terms)
                return Addition(tuple(opposed), n_channels)
            case Nothing():
                return channels


def _split_scale(parts: tuple[Channels, ...], scale: Tensor) -> list[tuple[Channels, Tensor]]:
    """Lists every part of a concatenation with its share of a scale."""
    return list(zip(parts, scale.split([part.n_channels for part in parts]), strict=True))


def _multiply(convolution: Convolution, scale: Tensor) -> Convolution:
    weight = convolution.weight.double() * scale[:, None, None, None]
    return replace(
        convolution, weight=weight.to(convolution.weight.dtype), gain=_multiply_factors(convolution.gain, scale)
    )


def _turn_source(source: Source, sign: Tensor) -> Source:
    product = _multiply_factors(source.sign, sign)
    return replace(source, sign=None if bool((product > 0).all()) else product)


def _multiply_factors(known: Tensor | None, factor: Tensor) -> Tensor:
    return factor if known is None else known * factor
