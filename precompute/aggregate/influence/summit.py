"""The arithmetic of Summit's published counts: influence at every third position, and counts composed along paths.

Each convolution between two recorded layers is counted for itself: per image, the strongest sources of each of its
channels. Counts of convolutions that follow one another are composed by the best middle channel (Hohman et al. 2020,
section 6.2): `count(j, i) = max over m of min(count(j, m), count(m, i))`.

InceptionV1 has no shortcuts, so Summit did not have to decide about them. Here a shortcut passes its channels in every
image. Where it turns them round it passes none. Of two paths the stronger one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, fx

from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.convolution import compute_convolution_influence
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    list_parts,
)
from precompute.models.provenance.links import Link

__all__ = ["SAMPLING", "SampledInfluence", "compose_counts"]

SAMPLING = 3
"""The step between the positions of a convolution's output that Summit's code looks at, in both directions."""


class SampledInfluence(PairInfluence):
    """Influences of one convolution, by every third position of its output.

    Args:
        convolution: as the expression has it.
        input_node: the value to read; a projection behind a pooling reads the value before the pooling.
    """

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
        """Computes a batch's influences, `(batch, target, source)`."""
        return compute_convolution_influence(self.convolution, values[self.convolution.input_node])


@dataclass(frozen=True)
class _Counts:
    """Counts and mean influences from a link's sources, `(channel, source)`.

    Both are infinite where a channel is the source, and minus infinity where it is the source turned round: a
    convolution that reads such a channel counts, while the channel itself passes nothing.
    """

    count: Tensor
    mean: Tensor


def compose_counts(link: Link, by_convolution: Mapping[int, PairSums], n_images: int) -> PairSums:
    """Composes the counts of a class over a link's convolutions.

    The mean influence of a composed pair is, like its count, that of the weaker step of the best path. A channel that
    is passed on has the count of all images, and the mean of the steps around it.

    Args:
        link: one that can be traced.
        by_convolution: the sums of each convolution of the link, by its `id`.
        n_images: of the class.
    """
    assert link.channels is not None
    composition = _Composition(link, by_convolution)
    known: dict[int, _Counts] = {}
    for expression in list_parts(link.channels):
        known[id(expression)] = composition.compose(expression, known)
    found = known[id(link.channels)]
    count = found.count.clamp(0, n_images)
    target, source = (count > 0).nonzero(as_tuple=True)
    mean = found.mean[target, source].double()
    return PairSums(
        target.int().numpy(),
        source.int().numpy(),
        count[target, source].int().numpy(),
        (torch.where(mean.isinf(), 1.0, mean) * count[target, source]).numpy(),
    )


class _Composition:
    """The counts of the parts of a link's expression, each from those that it is made of."""

    def __init__(self, link: Link, by_convolution: Mapping[int, PairSums]) -> None:
        self._by_convolution = by_convolution
        self._first: dict[fx.Node, int] = {}
        self._n_sources = 0
        for source in link.sources:
            self._first[source.node] = self._n_sources
            self._n_sources += source.n_channels

    def compose(self, channels: Channels, known: Mapping[int, _Counts]) -> _Counts:
        """Computes the counts of one part; `known` holds those of its own parts, by `id`."""
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
                return _choose_best([known[id(term.channels)] for term in terms])
            case Convolution():
                return _step_through(self._by_convolution[id(channels)], channels, known[id(channels.input)])


def _step_through(sums: PairSums, convolution: Convolution, below: _Counts) -> _Counts:
    """Composes the best path through the middle channels; only pairs that were counted are looked at."""
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
        # Among equally good paths the one of greatest mean influence.
        mean[target] = torch.where(counts == count[target], means, 0).amax(0)
    return _Counts(count, mean)


def _choose_best(terms: Sequence[_Counts]) -> _Counts:
    """Chooses per pair the term of the greatest count, among equal ones that of the greatest mean influence."""
    best = _Counts(torch.zeros_like(terms[0].count), torch.zeros_like(terms[0].mean))
    for term in terms:
        is_better = (term.count > best.count) | ((term.count == best.count) & (term.mean > best.mean))
        best = _Counts(torch.where(is_better, term.count, best.count), torch.where(is_better, term.mean, best.mean))
    return best
