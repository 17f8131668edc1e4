"""Pairs of channels, a target and a source: the strongest of an image, and their sums over a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.influence.values import Values
from precompute.aggregate.kernels.convolution import compiled_loops


@dataclass(frozen=True)
class PairSums:
    """The pairs of channels that were counted, sorted, with their counts and sums `(pair,)`."""

    target_channel: NDArray[np.int32]
    source: NDArray[np.int32]
    influence_count: NDArray[np.int32]
    influence_sum: NDArray[np.float64]


class PairInfluence(Protocol):
    """Influences between two sets of channels, told image by image."""

    @property
    def n_targets(self) -> int:
        """How many target channels."""

    @property
    def n_sources(self) -> int:
        """How many source channels; those of several layers stand one layer after another."""

    def __call__(self, values: Values) -> Tensor:
        """Influences in one batch, `(batch, target, source)`, not negative."""

    def strongest(self, values: Values, top_k: int) -> tuple[Tensor, Tensor]:
        """The strongest sources of every target channel in one image, as `strongest_sources` tells them."""
        return strongest_sources(self(values)[0], top_k)


def strongest_sources(influence: Tensor, top_k: int) -> tuple[Tensor, Tensor]:
    """The `top_k` greatest positive influences of every target channel, ties by the lower source.

    Args:
        influence: `(..., target, source)`, not negative.
        top_k: how many to keep; fewer where fewer are positive.

    Returns:
        values and source indices, `(..., target, min(top_k, source))`; a value of 0 marks a place not taken.
    """
    kept = min(top_k, influence.shape[-1])
    loops = compiled_loops()
    if loops is not None and influence.ndim == 2 and influence.device.type == "cpu" and kept:
        strengths, sources = loops.strongest_of_rows(influence.contiguous().numpy(), kept)
        return torch.from_numpy(strengths), torch.from_numpy(sources)
    values, index = influence.topk(kept, dim=-1)
    threshold = values[..., -1:]
    tied = ((influence >= threshold).sum(-1) > kept) & (threshold[..., 0] > 0)
    if bool(tied.any()):  # topk breaks ties as it likes
        ordered, order = influence[tied].sort(dim=-1, descending=True, stable=True)
        values[tied], index[tied] = ordered[..., :kept], order[..., :kept]
    return values, index


class PairCounter:
    """Counts the strongest sources of one influence over the images of a class."""

    def __init__(self, influence: PairInfluence, top_k: int, device: torch.device) -> None:
        self._influence, self._top_k = influence, top_k
        size = influence.n_targets * influence.n_sources
        self._count = torch.zeros(size, dtype=torch.int32, device=device)
        self._sum = torch.zeros(size, dtype=torch.float64, device=device)

    def reset(self) -> None:
        """Forgets everything."""
        self._count.zero_()
        self._sum.zero_()

    def strongest(self, values: Values) -> tuple[Tensor, Tensor]:
        """One image's strongest pairs, as `PairInfluence.strongest`."""
        return self._influence.strongest(values, self._top_k)

    def add(self, strengths: Tensor, sources: Tensor) -> None:
        """Counts one image's strongest pairs."""
        loops, shape = compiled_loops(), (self._influence.n_targets, self._influence.n_sources)
        if loops is not None and strengths.device.type == "cpu":
            count, total = (one.numpy().reshape(shape) for one in (self._count, self._sum))
            loops.count_pairs(strengths.numpy(), sources.numpy(), count, total)
            return
        taken = strengths > 0
        rows = torch.arange(len(sources), device=sources.device)[:, None] * self._influence.n_sources
        pairs = (rows + sources)[taken]
        # Each pair stands once in an image: no two additions meet, so on a GPU their order changes nothing.
        self._count.index_add_(0, pairs, torch.ones_like(pairs, dtype=torch.int32))
        self._sum.index_add_(0, pairs, strengths[taken].double())

    def sums(self) -> PairSums:
        """What was counted since the last reset."""
        pairs = self._count.nonzero()[:, 0]
        return PairSums(
            (pairs // self._influence.n_sources).int().cpu().numpy(),
            (pairs % self._influence.n_sources).int().cpu().numpy(),
            self._count[pairs].cpu().numpy(),
            self._sum[pairs].cpu().numpy(),
        )
