"""The counted pairs of channels of several units at once, on the device: images are scattered to their units."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.devices.transfers import copy_to_device

__all__ = ["BYTES_PER_PAIR", "PairTable"]

BYTES_PER_PAIR = 12
"""The size of a pair's count and sum."""


class PairTable:
    """A count and a sum for every pair of channels of every influence, once for each of several slots.

    A slot holds a unit. Pairs of all influences follow one another, so that a batch is counted by two operations,
    however many influences, units and images there are. On CUDA, complete slots are read out beside the computing.

    Args:
        influences: whose pairs are counted.
        n_slots: units at a time.
        device: of the counts.
    """

    def __init__(self, influences: Sequence[PairInfluence], n_slots: int, device: torch.device) -> None:
        self._shapes = [(one.n_targets, one.n_sources) for one in influences]
        self._starts = np.cumsum([0, *(targets * sources for targets, sources in self._shapes)]).tolist()
        self._size, self._device = int(self._starts[-1]), device
        self._count = torch.zeros(n_slots, self._size, dtype=torch.int32, device=device)
        self._sum = torch.zeros(n_slots, self._size, dtype=torch.float64, device=device)
        self._rows = [
            (torch.arange(targets) * sources + start)[:, None].to(device)
            for (targets, sources), start in zip(self._shapes, self._starts, strict=False)
        ]
        self._free = list(range(n_slots))
        self._beside = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._cleared: torch.cuda.Event | None = None

    def take_slot(self) -> int:
        """Returns a free slot, whose sums are 0."""
        return self._free.pop(0)

    def number_pairs(self, found: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        """Joins the strongest sources of a batch, `(batch, target, rank)` per influence, to `(batch, pair)`.

        Returns:
            strengths, and the number of each pair in a slot.
        """
        strengths = [one.flatten(1) for one, _ in found]
        pairs = [(sources + rows).flatten(1) for (_, sources), rows in zip(found, self._rows, strict=True)]
        return torch.cat(strengths, 1), torch.cat(pairs, 1)

    def add(self, slots: Tensor, strengths: Tensor, pairs: Tensor) -> None:
        """Counts the strongest pairs of a batch.

        Args:
            slots: of the images' units, `(batch,)`.
            strengths: `(batch, pair)`; 0 for what is not counted.
            pairs: as `number_pairs` returns them.
        """
        if self._cleared is not None:
            torch.cuda.current_stream(self._device).wait_event(self._cleared)
        index = (pairs + slots[:, None] * self._size).flatten()
        taken, values = (strengths > 0).int().flatten(), strengths.double().flatten()
        # Sums are put in order of the images, also on CUDA, where `index_add_` would add them in any order.
        self._sum.view(-1).index_put_((index,), values, accumulate=True)
        self._count.view(-1).index_add_(0, index, taken)

    def collect(self, slots: Sequence[int], after: torch.cuda.Event | None = None) -> list[list[PairSums]]:
        """Reads slots out, sets them to 0, and makes them free.

        Args:
            slots: in any order.
            after: their last images are counted when it has happened; None on the CPU.

        Returns:
            for each slot the sums of each influence.
        """
        with self._read_beside(after):
            index = copy_to_device(np.asarray(slots, np.int64), self._device)
            counts = self._count[index]
            slot, pair = counts.nonzero(as_tuple=True)
            found = slot, pair, counts[slot, pair], self._sum[index[slot], pair]
            arrays = [one.cpu().numpy() for one in found]
            self._count.index_fill_(0, index, 0)
            self._sum.index_fill_(0, index, 0)
            if self._beside is not None:
                self._cleared = torch.cuda.Event()
                self._cleared.record(self._beside)
        self._free += slots
        ends = np.searchsorted(arrays[0], np.arange(len(slots) + 1))
        return [self._split(*(one[ends[i] : ends[i + 1]] for one in arrays[1:])) for i in range(len(slots))]

    def _split(self, pair: NDArray[np.int64], count: NDArray[np.int32], total: NDArray[np.float64]) -> list[PairSums]:
        """Splits the pairs of a slot, in order, by influence."""
        ends = np.searchsorted(pair, self._starts)
        found = []
        for index, (_, n_sources) in enumerate(self._shapes):
            rows = slice(ends[index], ends[index + 1])
            target, source = np.divmod(pair[rows] - self._starts[index], n_sources)
            found.append(PairSums(target.astype(np.int32), source.astype(np.int32), count[rows], total[rows]))
        return found

    def _read_beside(self, after: torch.cuda.Event | None) -> contextlib.AbstractContextManager[Any]:
        """Returns a context whose work on CUDA waits for an event, and for nothing else."""
        if self._beside is None:
            return contextlib.nullcontext()
        if after is not None:
            self._beside.wait_event(after)
        return torch.cuda.stream(self._beside)
