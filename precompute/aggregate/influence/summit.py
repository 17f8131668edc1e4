"""Influence as Summit published it: sampled at every third position, counted per convolution, composed by counts.

Each convolution between two recorded layers is counted for itself: per image, the strongest sources of each of its
channels. Counts of convolutions that follow one another are composed by the best middle channel,
`count(j, i) = max over m of min(count(j, m), count(m, i))` (algorithms.md, "Influence"). A 1x1 convolution behind a
pooling that keeps the size reads the values before the pooling, as Summit's did. What Summit did not have to
decide, because InceptionV1 has none: a shortcut passes its channels in every image, none where it turns them round, and
of two ways the stronger one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, fx

from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.convolution import convolution_influence
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import POOLING, is_first_of_several, operator_name
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    parts_of,
)
from precompute.models.provenance.links import Link

SAMPLING = 3
"""Summit's code looks at every third position of a convolution's output, in both directions."""


class SampledInfluence(PairInfluence):
    """Influences of one convolution, by every third position of its output; a projection reads past its pooling."""

    def __init__(self, convolution: Convolution, input_node: fx.Node) -> None:
        stride = (convolution.stride[0] * SAMPLING, convolution.stride[1] * SAMPLING)
        self.convolution = replace(convolution, stride=stride, input_node=input_node)

    @property
    def n_targets(self) -> int:
        return self.convolution.n_channels

    @property
    def n_sources(self) -> int:
        return self.convolution.n_inputs

    def __call__(self, values: Values) -> Tensor:
        """Influences of one batch, `(batch, target, source)`."""
        return convolution_influence(self.convolution, values[self.convolution.input_node])


@dataclass(frozen=True)
class _Counts:
    """Counts and mean influences from a link's sources, `(channel, source)`; infinite where a channel is the source.

    Where it is the source turned round both are minus infinity: a convolution that reads it counts, itself it passes
    nothing.
    """

    count: Tensor
    mean: Tensor


class SummitMeasure:
    """The influences of a link as Summit counts them."""

    name = "summit"

    def __init__(self, model: ExportedModel, link: Link) -> None:
        assert link.channels is not None
        self.link, self._layouts = link, model.layouts
        self._channels = link.channels
        self._convolutions = [part for part in parts_of(link.channels) if isinstance(part, Convolution)]
        self._first: dict[fx.Node, int] = {}
        self._n_sources = 0
        for source in link.sources:
            self._first[source.node] = self._n_sources
            self._n_sources += source.n_channels

    @property
    def counted(self) -> Sequence[PairInfluence]:
        return [SampledInfluence(one, self._read_by(one)) for one in self._convolutions]

    @property
    def nodes(self) -> set[fx.Node]:
        """Inputs of the convolutions, and the target."""
        return {self.link.target.node, *map(self._read_by, self._convolutions)}

    def _read_by(self, convolution: Convolution) -> fx.Node:
        """What a convolution reads; Summit's code gave a projection behind a pooling the values before it."""
        node = convolution.input_node
        if convolution.weight.shape[2:] != (1, 1):
            return node
        before = node.args[0] if is_first_of_several(node) else node
        while operator_name(before) in POOLING and self._layouts[before.args[0]].grid == self._layouts[node].grid:
            node = before = before.args[0]
        return node

    def link_sums(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """Composes the counts of a class over its convolutions.

        The mean influence of a composed pair is, like its count, that of the weaker step of the best way; a channel
        that is passed on has the count of all images, and the mean of the steps around it.
        """
        by_convolution = dict(zip(map(id, self._convolutions), sums, strict=True))
        known: dict[int, _Counts] = {}
        for expression in parts_of(self._channels):
            known[id(expression)] = self._composed(expression, by_convolution, known)
        found = known[id(self._channels)]
        count = found.count.clamp(0, n_images)
        target, source = (count > 0).nonzero(as_tuple=True)
        mean = found.mean[target, source].double()
        return PairSums(
            target.int().numpy(),
            source.int().numpy(),
            count[target, source].int().numpy(),
            (torch.where(mean.isinf(), 1.0, mean) * count[target, source]).numpy(),
        )

    def _composed(self, channels: Channels, by_convolution: dict[int, PairSums], known: dict[int, _Counts]) -> _Counts:
        match channels:
            case Source(layer, sign):
                count = torch.zeros(layer.n_channels, self._n_sources)
                index = torch.arange(layer.n_channels)
                passing = torch.full((layer.n_channels,), torch.inf)
                passing = passing if sign is None else passing.where(sign > 0, -torch.inf)
                count[index, index + self._first[layer.node]] = passing
                return _Counts(count, count)
            case Nothing(n_channels):
                nothing = torch.zeros(n_channels, self._n_sources)
                return _Counts(nothing, nothing)
            case Passed(inner):
                return known[id(inner)]
            case Selection(inner, index):
                of, kept = known[id(inner)], list(index)
                return _Counts(of.count[kept], of.mean[kept])
            case Concatenation(parts):
                found = [known[id(part)] for part in parts]
                return _Counts(torch.cat([one.count for one in found]), torch.cat([one.mean for one in found]))
            case Addition(terms):
                return _best([known[id(term.channels)] for term in terms])
            case Convolution():
                return self._through(by_convolution[id(channels)], channels, known[id(channels.input)])

    @staticmethod
    def _through(sums: PairSums, convolution: Convolution, below: _Counts) -> _Counts:
        """The best way through the middle channels; only pairs that were counted are looked at."""
        count = torch.zeros(convolution.n_channels, below.count.shape[1])
        mean = torch.zeros_like(count)
        starts = np.searchsorted(sums.target_channel, np.arange(convolution.n_channels + 1))
        mean_influence = sums.influence_sum / np.maximum(sums.influence_count, 1)
        for target in np.unique(sums.target_channel).tolist():
            rows = slice(starts[target], starts[target + 1])
            middle = torch.from_numpy(sums.source[rows].astype(np.int64))
            step = torch.from_numpy(sums.influence_count[rows].astype(np.float32))[:, None]
            step_mean = torch.from_numpy(mean_influence[rows].astype(np.float32))[:, None]
            counts = torch.minimum(step, below.count[middle].abs())
            means = torch.minimum(step_mean, below.mean[middle].abs())
            count[target] = counts.amax(0)
            # Of several best ways the one of greatest mean influence.
            mean[target] = torch.where(counts == count[target], means, 0).amax(0)
        return _Counts(count, mean)


def _best(terms: Sequence[_Counts]) -> _Counts:
    """Per pair the way of the greatest count, of several the one of greatest mean influence."""
    best = _Counts(torch.zeros_like(terms[0].count), torch.zeros_like(terms[0].mean))
    for term in terms:
        is_better = (term.count > best.count) | ((term.count == best.count) & (term.mean > best.mean))
        best = _Counts(torch.where(is_better, term.count, best.count), torch.where(is_better, term.mean, best.mean))
    return best
