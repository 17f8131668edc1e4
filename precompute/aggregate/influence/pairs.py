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

__all__ = ["PairCounter", "PairInfluence", "PairSums", "find_strongest_of_batch", "find_strongest_sources"]

_MOST_ROUNDS = 8
"""The greatest number of ranks that are found one by one; for more, whole rows are sorted."""


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

    @classmethod
    def make_empty(cls) -> PairSums:
        """Makes sums without a pair."""
        whole = np.zeros(0, np.int32)
        return cls(whole, whole, whole, np.zeros(0))


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

    def find_strongest_of_batch(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """Finds the strongest sources in every image of a batch; see `find_strongest_of_batch`."""
        return find_strongest_of_batch(self(values), top_k)


def find_strongest_of_batch(influence: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """Finds what `find_strongest_sources` finds, in a number of operations that no value changes.

    Nothing waits for the device: ties are not looked for, because the greatest of a row is always its first.

    Args:
        influence: `(batch, target, source)`, not negative; it is overwritten.
        top_k: the number to keep.

    Returns:
        values and source indices, `(batch, target, min(top_k, source))`; a value of 0 marks an unused rank.
    """
    kept = min(top_k, influence.shape[-1])
    if kept > _MOST_ROUNDS:
        values, index = influence.sort(dim=-1, descending=True, stable=True)
        return values[..., :kept], index[..., :kept]
    if not kept:
        return influence[..., :0], torch.zeros(influence[..., :0].shape, dtype=torch.int64, device=influence.device)
    found = []
    for _ in range(kept):
        strength, source = influence.max(dim=-1, keepdim=True)
        found.append((strength, source))
        influence.scatter_(-1, source, -1)
    strengths, sources = zip(*found, strict=True)
    return torch.cat(strengths, -1), torch.cat(sources, -1)


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
    """A count and a sum for every pair of channels of one influence, over the images of a unit.

    The tables of all pairs are made for the second image; a unit of one image does without.

    Args:
        influence: between the channels.
        top_k: the number of sources to count per target channel and image.
        device: of the counts.
    """

    def __init__(self, influence: PairInfluence, top_k: int, device: torch.device) -> None:
        self._influence, self._top_k, self._device = influence, top_k, device
        self._first: tuple[Tensor, Tensor] | None = None
        self._tables: tuple[Tensor, Tensor] | None = None
        self._is_used = False

    def reset(self) -> None:
        """Sets all counts and sums to 0."""
        self._first = None
        if self._is_used and self._tables is not None:
            for table in self._tables:
                table.zero_()
        self._is_used = False

    def find_strongest(self, values: Values) -> tuple[Tensor, Tensor]:
        """Finds the strongest pairs of one image; see `PairInfluence.find_strongest`."""
        return self._influence.find_strongest(values, self._top_k)

    def add(self, strengths: Tensor, sources: Tensor) -> None:
        """Counts the strongest pairs of one image, `(target, rank)` each, as `find_strongest` returns them."""
        if self._first is None and not self._is_used:
            self._first = strengths, sources
            return
        if self._first is not None:
            first, self._first = self._first, None
            self._count(*first)
        self._count(strengths, sources)

    def _count(self, strengths: Tensor, sources: Tensor) -> None:
        self._is_used = True
        count, total = self._load_tables()
        loops, shape = load_compiled_loops(), (self._influence.n_targets, self._influence.n_sources)
        if loops is not None and self._device.type == "cpu":
            tables = (one.numpy().reshape(shape) for one in (count, total))
            loops.count_pairs(strengths.numpy(), sources.numpy(), *tables)
            return
        taken = strengths > 0
        rows = torch.arange(len(sources), device=sources.device)[:, None] * self._influence.n_sources
        pairs = (rows + sources)[taken]
        # An image holds each pair once: no two additions meet, so on a GPU their order changes nothing.
        count.index_add_(0, pairs, torch.ones_like(pairs, dtype=torch.int32))
        total.index_add_(0, pairs, strengths[taken].double())

    def _load_tables(self) -> tuple[Tensor, Tensor]:
        if self._tables is None:
            size = self._influence.n_targets * self._influence.n_sources
            self._tables = (
                torch.zeros(size, dtype=torch.int32, device=self._device),
                torch.zeros(size, dtype=torch.float64, device=self._device),
            )
        return self._tables

    def build_sums(self) -> PairSums:
        """Copies out the pairs counted since the last reset."""
        if self._first is not None:
            return _sort_pairs(*(one.cpu().numpy() for one in self._first))
        if not self._is_used:
            return PairSums.make_empty()
        count, total = self._load_tables()
        pairs = count.nonzero()[:, 0]
        return PairSums(
            (pairs // self._influence.n_sources).int().cpu().numpy(),
            (pairs % self._influence.n_sources).int().cpu().numpy(),
            count[pairs].cpu().numpy(),
            total[pairs].cpu().numpy(),
        )


def _sort_pairs(strengths: NDArray[np.float32], sources: NDArray[np.int64]) -> PairSums:
    """Sorts the strongest pairs of one image, `(target, rank)` each; every pair counts once."""
    unused = np.iinfo(np.int64).max
    named = np.where(strengths > 0, sources, unused)
    order = np.argsort(named, axis=1)
    named, strengths = (np.take_along_axis(one, order, 1) for one in (named, strengths))
    targets, ranks = np.nonzero(named != unused)
    return PairSums(
        targets.astype(np.int32),
        named[targets, ranks].astype(np.int32),
        np.ones(len(targets), np.int32),
        strengths[targets, ranks].astype(np.float64),
    )
