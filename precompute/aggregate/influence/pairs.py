"""Pairs of channels, a target and a source: the strongest of an image, and their sums over a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.convolution import load_compiled_loops

__all__ = ["PairCounter", "PairInfluence", "PairSums", "find_strongest_sources"]


@dataclass(frozen=True)
class PairSums:
    """The pairs of channels that were counted, sorted by target and source, all `(pair,)`.

    Attributes:
        target_channel: index of the target.
        source: index among all sources of the link, one layer after another.
        influence_count: images in which the source is among the target's strongest.
        influence_sum: of the influences in these images.
    """

    target_channel: NDArray[np.int32]
    source: NDArray[np.int32]
    influence_count: NDArray[np.int32]
    influence_sum: NDArray[np.float64]


class PairInfluence(Protocol):
    """Influences of source channels on target channels, image by image."""

    @property
    def n_targets(self) -> int:
        """The number of target channels."""

    @property
    def n_sources(self) -> int:
        """The number of source channels; those of several layers follow one another, layer by layer."""

    def __call__(self, values: Values) -> Tensor:
        """Computes the influences in a batch, `(batch, target, source)`, not negative."""

    def find_strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds the strongest sources of every target channel in one image; see `find_strongest_sources`."""
        return find_strongest_sources(self(values)[0], top_k)


def find_strongest_sources(influence: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Finds the `top_k` greatest positive influences on every target channel, ties by the lower source.

    Args:
        influence: `(..., target, source)`, not negative.
        top_k: the number to keep; fewer where fewer are positive.

    Returns:
        values and source indices, `(..., target, min(top_k, source))`; a value of 0 marks an unused rank.
    """
    kept = min(top_k, influence.shape[-1])
    loops = load_compiled_loops()
    if loops is not None and influence.ndim == 2 and influence.device.type == "cpu" and kept:
        strengths, sources = loops.find_strongest_of_rows(influence.contiguous().numpy(), kept)
        return torch.from_numpy(strengths), torch.from_numpy(sources)
    values, index = influence.topk(kept, dim=-1)
    threshold = values[..., -1:]
    tied = ((influence >= threshold).sum(-1) > kept) & (threshold[..., 0] > 0)
    if bool(tied.any()):  # topk breaks ties as it likes
        ordered, order = influence[tied].sort(dim=-1, descending=True, stable=True)
        values[tied], index[tied] = ordered[..., :kept], order[..., :kept]
    return values, index


class PairCounter:
    """A count and a sum for every pair of channels of one influence, over the images of a class.

    Args:
        influence: between the channels.
        top_k: the number of sources to count per target channel and image.
        device: of the counts.
    """

    def __init__(self, influence: PairInfluence, top_k: int, device: torch.device) -> None:
        self._influence, self._top_k = influence, top_k
        size = influence.n_targets * influence.n_sources
        self._count = torch.zeros(size, dtype=torch.int32, device=device)
        self._sum = torch.zeros(size, dtype=torch.float64, device=device)

    def reset(self) -> None:
        """Sets all counts and sums to 0."""
        self._count.zero_()
        self._sum.zero_()

    def find_strongest(self, values: Values) -> tuple[Tensor, Tensor]:
        """Finds the strongest pairs of one image; see `PairInfluence.find_strongest`."""
        return self._influence.find_strongest(values, self._top_k)

    def add(self, strengths: Tensor, sources: Tensor) -> None:
        """Counts the strongest pairs of one image, `(target, rank)` each, as `find_strongest` returns them."""
        loops, shape = load_compiled_loops(), (self._influence.n_targets, self._influence.n_sources)
        if loops is not None and strengths.device.type == "cpu":
            count, total = (one.numpy().reshape(shape) for one in (self._count, self._sum))
            loops.count_pairs(strengths.numpy(), sources.numpy(), count, total)
            return
        taken = strengths > 0
        rows = torch.arange(len(sources), device=sources.device)[:, None] * self._influence.n_sources
        pairs = (rows + sources)[taken]
        # An image holds each pair once: no two additions meet, so on a GPU their order changes nothing.
        self._count.index_add_(0, pairs, torch.ones_like(pairs, dtype=torch.int32))
        self._sum.index_add_(0, pairs, strengths[taken].double())

    def build_sums(self) -> PairSums:
        """Copies out the pairs counted since the last reset."""
        pairs = self._count.nonzero()[:, 0]
        return PairSums(
            (pairs // self._influence.n_sources).int().cpu().numpy(),
            (pairs % self._influence.n_sources).int().cpu().numpy(),
            self._count[pairs].cpu().numpy(),
            self._sum[pairs].cpu().numpy(),
        )
