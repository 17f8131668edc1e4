"""Traced influence between recorded layers: single convolutions, bottlenecks, residual additions, concatenations.

One convolution between two layers gives its influence as it is (Hohman et al. 2020, section 6.2). Over several, the
influence is the sum over paths of the product of shares, a share being a positive influence divided by the sum of all
that reach the same channel.

An influence is what raises the target. Where the path from a convolution to the target turns a channel round, as a
minus or a negative gain of a batch norm does, a lower output of the convolution raises the target. The weights of the
expression hold that sign. A channel that is passed on turned round passes its negative values alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, fx
from torch.nn import functional

from precompute.aggregate.influence.pairs import PairInfluence, find_strongest_sources
from precompute.aggregate.influence.traced_pieces import Pieces
from precompute.aggregate.influence.traced_terms import (
    Arrivals,
    Traits,
    compute_shares,
    concatenate,
    divide,
    find_greatest,
)
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.convolution import (
    Steps,
    Strongest,
    compute_convolution_influence,
    compute_single_source_influence,
    load_compiled_loops,
    reads_every_position,
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
    list_inner,
    sort_post_order,
)
from precompute.models.provenance.links import Link

__all__ = ["LinkInfluence"]


class _Evaluation:
    """An expression, the order in which its parts are computed, the number of readers and the traits of each part."""

    def __init__(self, channels: Channels) -> None:
        self.channels = channels
        self.order = sort_post_order(channels, _list_needed)
        self.uses = Counter(id(part) for expression in self.order for part in _list_needed(expression))
        self.traits: dict[int, Traits] = {}
        for part in self.order:
            self.traits[id(part)] = _derive_traits(part, self.traits)


class LinkInfluence(PairInfluence):
    """Influences of one link that can be traced, on all of its target's channels."""

    def __init__(self, link: Link) -> None:
        assert link.channels is not None
        self.link = link
        self._whole = _Evaluation(link.channels)
        pieces = Pieces.split(link.channels)
        self._pieces, self._is_split = pieces, bool(pieces.pointwise or pieces.windowed or pieces.bottlenecks)
        self._rest = _Evaluation(pieces.rest) if pieces.rest is not None else None
        self._first: dict[fx.Node, int] = {}
        self._n_sources = 0
        for source in link.sources:
            self._first[source.node] = self._n_sources
            self._n_sources += source.n_channels
        self._constants: dict[Channels, dict[torch.device, Tensor]] = {}
        self._factors: dict[int, dict[torch.device, Tensor]] = {}

    @property
    def n_targets(self) -> int:
        return self.link.target.n_channels

    @property
    def n_sources(self) -> int:
        return self._n_sources

    def __call__(self, values: Values) -> Tensor:
        """Computes a batch's influences, `(batch, target channel, source channel)`.

        Source channels of several feeding layers follow one another, layer by layer, in the order of `link.sources`.
        """
        return self._evaluate(self._whole, values, slice(None))

    def find_strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds an image's strongest sources, without the other influences where the compiled loops can do so.

        They can for targets of one convolution, of two that follow one another, and of these with a shortcut.
        """
        if not self._is_split or not top_k or load_compiled_loops() is None or values.device.type != "cpu":
            return super().find_strongest(values, top_k)
        pieces, found = self._pieces, Strongest(self.n_targets, min(top_k, self.n_sources))
        for rows, convolution, layer in pieces.pointwise:
            extremes = values.find_image_extremes(convolution.input_node)
            found.find_pointwise(rows, convolution, extremes, self._first[layer])
        for rows, convolution, layer in pieces.windowed:
            found.find_windowed(rows, convolution, values[convolution.input_node], self._first[layer])
        for one in pieces.bottlenecks:
            node, passed = one.inner.input_node, None
            read = values.find_image_extremes(node) if reads_every_position(one.inner) else values[node]
            if one.shortcut is not None:
                passed = one.shortcut.sources, values.find_image_extremes(one.shortcut.node)[0]
            steps = Steps(one.outer, values[one.outer.input_node], one.inner, read)
            found.find_composed(one.rows, steps, passed, self._first[one.layer])
        strengths, sources = found.strengths, found.sources
        if self._rest is not None:
            influence = self._evaluate(self._rest, values, pieces.others)
            strengths[pieces.others], sources[pieces.others] = find_strongest_sources(influence[0], top_k)
        return strengths, sources

    def _evaluate(self, evaluation: _Evaluation, values: Values, targets: slice | Tensor) -> Tensor:
        """Computes the influences `(batch, target, source)` on the target channels of an expression."""
        known: dict[int, Tensor] = {}
        uses = evaluation.uses.copy()
        for expression in evaluation.order:  # not by recursion: networks are deeper than Python's stack
            known[id(expression)] = self._compute(expression, values, known, evaluation.traits)
            for part in _list_needed(expression):
                uses[id(part)] -= 1
                if not uses[id(part)]:
                    del known[id(part)]
        influence, traits = known[id(evaluation.channels)], evaluation.traits[id(evaluation.channels)]
        if not traits.has_identities:
            return influence
        # A channel that is a source channel passed on, as in a dense block: its influence is what it passes.
        greatest = values.find_extremes(self.link.target.node)[0][:, targets]
        passed = self._compute_passed(greatest, Arrivals(influence, traits), values)
        _, is_identity, _ = traits.load(values.device)
        return influence * torch.where(is_identity, passed, 1)[:, :, None]

    def _compute_passed(self, greatest: Tensor, arrivals: Arrivals, values: Values) -> Tensor:
        """Computes the influence that channels pass on, `(batch, channel)`: their greatest value, 0 at least.

        A source channel that is turned round passes no more than its own values below 0. The rest of the value, as
        in 1 - x, is a constant.
        """
        passed = greatest.clamp_min(0)
        if not arrivals.traits.has_turned:
            return passed
        *_, is_turned = arrivals.traits.load(values.device)
        least = torch.cat([values.find_extremes(source.node)[1] for source in self.link.sources], 1)
        below = (arrivals.influence * -least.clamp_max(0)[:, None]).amax(2)
        return torch.where(is_turned, torch.minimum(passed, below), passed)

    def _compute(
        self, channels: Channels, values: Values, known: Mapping[int, Tensor], traits: Mapping[int, Traits]
    ) -> Tensor:
        match channels:
            case Source() | Nothing():
                return self._load_constant(channels, values.device)
            case Passed(inner):
                return known[id(inner)]
            case Selection(inner):
                return known[id(inner)][:, self._load_constant(channels, values.device)]
            case Concatenation(parts):
                return concatenate([known[id(part)] for part in parts])
            case Convolution() | Addition():
                return self._unite(channels, values, known, traits)

    def _load_constant(self, channels: Source | Nothing | Selection, device: torch.device) -> Tensor:
        """Returns what no image changes, on a device: the table `(1, channel, source)` of sources, or an index."""
        known = self._constants.setdefault(channels, {})
        if device not in known:
            if isinstance(channels, Selection):
                found = torch.tensor(channels.index)
            elif isinstance(channels, Nothing):
                found = torch.zeros(1, 1, 1).expand(1, channels.n_channels, self.n_sources)
            else:
                found = torch.zeros(1, channels.n_channels, self.n_sources)
                index = torch.arange(channels.n_channels)
                found[:, index, index + self._first[channels.layer.node]] = 1
            known[device] = found.to(device)
        return known[device]

    def _unite(
        self,
        channels: Convolution | Addition,
        values: Values,
        known: Mapping[int, Tensor],
        traits: Mapping[int, Traits],
    ) -> Tensor:
        """Unites all that reaches a convolution's channels, or the channels of a sum through any of its terms."""
        terms = channels.terms if isinstance(channels, Addition) else (Term(channels, channels.node),)
        arrived: Tensor | None = None
        total: Tensor | None = None
        for term in terms:
            below = _find_below(term)
            arrivals = Arrivals(known[id(below)], traits[id(below)])
            if isinstance(term.channels, Convolution):
                read = values[term.channels.input_node]
                piece, reaching = self._step_through(term.channels, read, arrivals)
            else:
                factor = None if term.factor is None else self._load_factor(term, values[term.node])
                greatest = find_greatest(values[term.node].flatten(2), factor)
                reaching = self._compute_passed(greatest, arrivals, values)
                piece = reaching[:, :, None] * compute_shares(arrivals)
            arrived = piece if arrived is None else arrived + piece
            total = reaching if total is None else total + reaching
        assert arrived is not None and total is not None
        return divide(arrived, total) if _is_composed(channels, traits) else arrived

    def _load_factor(self, term: Term, like: Tensor) -> Tensor:
        """Returns the factor of a term on the device of a value."""
        known = self._factors.setdefault(id(term), {})
        if like.device not in known:
            assert term.factor is not None
            known[like.device] = term.factor.to(like)
        return known[like.device]

    def _step_through(self, convolution: Convolution, read: Tensor, below: Arrivals) -> tuple[Tensor, Tensor]:
        """Computes the arrivals through a convolution, `(batch, target, source)`, and each target's sum over inputs."""
        if isinstance(convolution.input, Source):  # the common case needs no product
            direct = compute_convolution_influence(convolution, read)
            first = self._first[convolution.input.layer.node]
            return functional.pad(direct, (first, self._n_sources - first - direct.shape[2])), direct.sum(2)
        if convolution.is_depthwise:  # one channel in: no matrix to multiply by
            strength, index = compute_single_source_influence(convolution, read)
            return strength[:, :, None] * compute_shares(below)[:, index], strength
        direct = compute_convolution_influence(convolution, read)
        return torch.matmul(direct, compute_shares(below)), direct.sum(2)


def _derive_traits(channels: Channels, known: Mapping[int, Traits]) -> Traits:
    """Derives those of an expression from those of its parts, by `id`."""
    match channels:
        case Source(layer, sign):
            return Traits.identify(layer.n_channels, sign)
        case Nothing(n_channels):
            return Traits.identify(n_channels)
        case Passed(inner):
            return known[id(inner)]
        case Selection(inner, index):
            return known[id(inner)].select(index)
        case Concatenation(parts):
            return Traits.concatenate([known[id(part)] for part in parts])
        case Convolution() | Addition():
            return Traits.unite(channels.n_channels, _is_composed(channels, known))


def _is_composed(channels: Convolution | Addition, traits: Mapping[int, Traits]) -> bool:
    """Returns True where paths of several steps reach the channels."""
    terms = channels.terms if isinstance(channels, Addition) else (Term(channels, channels.node),)
    return not all(traits[id(_find_below(term))].are_identities for term in terms)


def _find_below(term: Term) -> Channels:
    """Finds what a term is computed from: an open convolution from its input's channels, others from their own."""
    return term.channels.input if isinstance(term.channels, Convolution) else term.channels


def _list_needed(channels: Channels) -> Sequence[Channels]:
    """Lists the parts from which an expression is computed; an addition looks through its open convolutions."""
    if isinstance(channels, Addition):
        return [_find_below(term) for term in channels.terms]
    return list_inner(channels)
