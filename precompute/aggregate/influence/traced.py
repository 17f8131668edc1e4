"""Traced influence between recorded layers: single convolutions, bottlenecks, residual additions, concatenations.

One convolution between two layers gives its influence as it is. Over several, the influence is the sum over paths of
the product of shares, a share being a positive influence divided by the sum of all that reach the same channel
(algorithms.md, "Influence").

What counts is what raises the target. Where the way from a convolution to the target turns a channel round, by a minus
or a negative gain of a batch norm, say, what lowers the convolution's output raises the target: the sign is in the
expression's weights. A channel that is passed on turned round passes its negative values alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx
from torch.nn import functional

from precompute.aggregate.influence.pairs import PairInfluence, PairSums, strongest_sources
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.convolution import (
    Strongest,
    compiled_loops,
    convolution_influence,
    is_windowed,
    reads_every_position,
    single_source_influence,
)
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
    parts_of,
    post_order,
)
from precompute.models.provenance.links import Link


@dataclass(frozen=True)
class _Arrivals:
    """What arrives at some channels from the recorded sources.

    Attributes:
        influence: `(batch, channel, source)`, not negative; the batch may be 1 where images do not differ.
        is_composed: `(channel,)`, paths of several steps reach the channel, so that its row is made of shares.
        is_identity: `(channel,)`, the channel *is* one source channel, or none: a row with a single one, or zeros.
        is_turned: `(channel,)`, it is that source channel turned round.
    """

    influence: Tensor
    is_composed: Tensor
    is_identity: Tensor
    is_turned: Tensor


class _Evaluation:
    """The order in which an expression is computed, and how often each part of it is read."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self.order = post_order(channels, _needs)
        self.uses = Counter(id(part) for expression in self.order for part in _needs(expression))


class LinkInfluence(PairInfluence):
    """Tells the influences of one link that can be traced."""

    def __init__(self, link: Link) -> None:
        assert link.channels is not None
        self.link = link
        self._whole = _Evaluation(link.channels)
        pieces = _Pieces.of(link.channels)
        self._pointwise, self._bottlenecks, self._others = pieces.pointwise, pieces.bottlenecks, pieces.others
        self._rest = _Evaluation(pieces.rest) if pieces.rest is not None else None
        self._first: dict[fx.Node, int] = {}
        self._n_sources = 0
        for source in link.sources:
            self._first[source.node] = self._n_sources
            self._n_sources += source.n_channels

    @property
    def n_targets(self) -> int:
        return self.link.target.n_channels

    @property
    def n_sources(self) -> int:
        return self._n_sources

    def __call__(self, values: Values) -> Tensor:
        """Influences of one batch, `(batch, target channel, source channel)`.

        Source channels of several feeding layers stand one layer after another, in the order of `link.sources`.
        """
        return self._influence(self._whole, values, slice(None))

    def strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Of targets behind one 1x1 convolution only the strongest are computed; bottlenecks have a short way."""
        if not (self._pointwise or self._bottlenecks) or compiled_loops() is None or values.device.type != "cpu":
            return super().strongest(values, top_k)
        found = Strongest(self.n_targets, min(top_k, self.n_sources))
        for rows, convolution, layer in self._pointwise:
            found.find_pointwise(rows, convolution, values.extremes(convolution.input_node), self._first[layer])
        for rows, outer, inner, layer in self._bottlenecks:
            read, extremes = values[outer.input_node], values.extremes(inner.input_node)
            found.find_composed(rows, (outer, inner), read, extremes, self._first[layer])
        strengths, sources = found.strengths, found.sources
        if self._rest is not None:
            influence = self._influence(self._rest, values, self._others)
            strengths[self._others], sources[self._others] = strongest_sources(influence[0], top_k)
        return strengths, sources

    def _influence(self, evaluation: _Evaluation, values: Values, targets: slice | Tensor) -> Tensor:
        """Influences `(batch, target, source)` on the target channels that were evaluated."""
        known: dict[int, _Arrivals] = {}
        uses = evaluation.uses.copy()
        for expression in evaluation.order:  # not by recursion: networks are deeper than Python's stack
            known[id(expression)] = self._computed(expression, values, known)
            for part in _needs(expression):
                uses[id(part)] -= 1
                if not uses[id(part)]:
                    del known[id(part)]
        arrivals = known[id(evaluation.channels)]
        if not bool(arrivals.is_identity.any()):
            return arrivals.influence
        # A channel that is a source channel passed on, as in a dense block: its influence is what it passes.
        passed = self._passed(values.extremes(self.link.target.node)[0][:, targets], arrivals, values)
        return arrivals.influence * torch.where(arrivals.is_identity, passed, 1)[:, :, None]

    def _passed(self, greatest: Tensor, arrivals: _Arrivals, values: Values) -> Tensor:
        """What channels pass on, `(batch, channel)`: their greatest value, 0 at least.

        A source channel that is turned round passes no more than its own values below 0: the rest of what is read, as
        in 1 - x, is a constant.
        """
        passed = greatest.clamp_min(0)
        if not bool(arrivals.is_turned.any()):
            return passed
        least = torch.cat([values.extremes(source.node)[1] for source in self.link.sources], 1)
        below = (arrivals.influence * -least.clamp_max(0)[:, None]).amax(2)
        return torch.where(arrivals.is_turned, torch.minimum(passed, below), passed)

    def _computed(self, channels: Channels, values: Values, known: dict[int, _Arrivals]) -> _Arrivals:
        match channels:
            case Source(layer, sign):
                identity = torch.zeros(1, layer.n_channels, self.n_sources, device=_device(values))
                index = torch.arange(layer.n_channels, device=_device(values))
                identity[:, index, index + self._first[layer.node]] = 1
                return _identity(identity, sign)
            case Nothing(n_channels):
                return _identity(torch.zeros(1, n_channels, self.n_sources, device=_device(values)))
            case Passed(inner):
                return known[id(inner)]
            case Selection(inner, index):
                of = known[id(inner)]
                kept = list(index)
                flags = of.is_composed[kept], of.is_identity[kept], of.is_turned[kept]
                return _Arrivals(of.influence[:, kept], *flags)
            case Concatenation(parts):
                return _concatenated([known[id(part)] for part in parts])
            case Convolution() | Addition():
                return self._united(channels, values, known)

    def _united(self, channels: Convolution | Addition, values: Values, known: dict[int, _Arrivals]) -> _Arrivals:
        """All that reaches a convolution's channels, or the channels of a sum through any of its terms."""
        terms = channels.terms if isinstance(channels, Addition) else (Term(channels, channels.node),)
        arrived: Tensor | None = None
        total: Tensor | None = None
        composed = False
        for term in terms:
            if isinstance(term.channels, Convolution):
                below = known[id(term.channels.input)]
                piece, reaching = self._through(term.channels, values[term.channels.input_node], below)
            else:
                below = known[id(term.channels)]
                passed = self._passed(_greatest(values[term.node].flatten(2), term.factor), below, values)
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
            is_turned=torch.zeros(n_channels, dtype=torch.bool, device=arrived.device),
        )

    def _through(self, convolution: Convolution, read: Tensor, below: _Arrivals) -> tuple[Tensor, Tensor]:
        """What arrives through a convolution, `(batch, target, source)`, and the sum of what reaches each channel."""
        if isinstance(convolution.input, Source):  # the common case needs no product
            direct = convolution_influence(convolution, read)
            first = self._first[convolution.input.layer.node]
            return functional.pad(direct, (first, self._n_sources - first - direct.shape[2])), direct.sum(2)
        if convolution.is_depthwise:  # one channel in: no matrix to multiply by
            strength, index = single_source_influence(convolution, read)
            return strength[:, :, None] * _shares(below)[:, index], strength
        direct = convolution_influence(convolution, read)
        return torch.matmul(direct, _shares(below)), direct.sum(2)


@dataclass(frozen=True)
class _Pieces:
    """The targets of a link by how their strongest sources are found.

    Attributes:
        pointwise: targets that one 1x1 convolution makes of a layer: rows, convolution, layer.
        bottlenecks: targets that one convolution makes of the outputs of a 1x1: rows, both, layer.
        others: the other targets.
        rest: an expression of them alone; None where there are none.
    """

    pointwise: list[tuple[slice, Convolution, fx.Node]]
    bottlenecks: list[tuple[slice, Convolution, Convolution, fx.Node]]
    others: Tensor
    rest: Channels | None

    @classmethod
    def of(cls, channels: Channels) -> _Pieces:
        channels = _bare(channels)
        pieces = cls([], [], torch.ones(channels.n_channels, dtype=torch.bool), None)
        rest: list[Channels] = []
        first = 0
        for part in channels.parts if isinstance(channels, Concatenation) else (channels,):
            rows = slice(first, first + part.n_channels)
            first = rows.stop
            if not pieces._took(rows, _bare(part)):
                rest.append(part)
        joined = None if not rest else rest[0] if len(rest) == 1 else Concatenation(tuple(rest))
        return replace(pieces, others=pieces.others.nonzero()[:, 0], rest=joined)

    def _took(self, rows: slice, part: Channels) -> bool:
        if not isinstance(part, Convolution):
            return False
        below = _bare(part.input)
        if reads_every_position(part) and isinstance(below, Source):
            self.pointwise.append((rows, part, below.layer.node))
        elif isinstance(below, Convolution) and reads_every_position(below) and is_windowed(part):
            source = _bare(below.input)
            if not isinstance(source, Source):
                return False
            self.bottlenecks.append((rows, part, below, source.layer.node))
        else:
            return False
        self.others[rows] = False
        return True


def _bare(channels: Channels) -> Channels:
    while isinstance(channels, Passed):
        channels = channels.of
    return channels


def _identity(influence: Tensor, sign: Tensor | None = None) -> _Arrivals:
    identity = torch.ones(influence.shape[1], dtype=torch.bool, device=influence.device)
    is_turned = ~identity if sign is None else (sign < 0).to(influence.device)
    return _Arrivals(influence, ~identity, identity, is_turned)


def _greatest(values: Tensor, factor: Tensor | None) -> Tensor:
    """Greatest of every channel `(batch, channel, position)` times its factor."""
    greatest = values.amax(2)
    if factor is None:
        return greatest
    factor = factor.to(values)
    return torch.where(factor < 0, factor * values.amin(2), factor * greatest)


def _device(values: Values) -> torch.device:
    return values.device


def _needs(channels: Channels) -> Sequence[Channels]:
    """Whose arrivals those of an expression are computed from: an addition looks through its open convolutions."""
    if isinstance(channels, Addition):
        terms = [term.channels for term in channels.terms]
        return [term.input if isinstance(term, Convolution) else term for term in terms]
    return inner_of(channels)


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
        is_turned=torch.cat([part.is_turned for part in parts]),
    )


@dataclass(frozen=True)
class TracedMeasure:
    """The influences of a link, traced image by image (algorithms.md, "Influence")."""

    link: Link
    name: str = "traced"

    @property
    def counted(self) -> Sequence[PairInfluence]:
        return [LinkInfluence(self.link)]

    @property
    def nodes(self) -> set[fx.Node]:
        """Inputs of convolutions, passed terms of additions, the target, and the sources that are turned round."""
        found = {self.link.target.node}
        for part in parts_of(self.link.channels) if self.link.channels is not None else ():
            if isinstance(part, Convolution):
                found.add(part.input_node)
            elif isinstance(part, Addition):
                found |= {term.node for term in part.terms if not isinstance(term.channels, Convolution)}
            elif isinstance(part, Source) and part.sign is not None:
                found |= {source.node for source in self.link.sources}
        return found

    def link_sums(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """What was counted is the link."""
        (counted,) = sums
        return counted
