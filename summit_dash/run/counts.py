"""The activation counts of a run: the largest of what the server keeps, read piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contract.schema import iterate_batches

__all__ = ["read_counts"]

_COLUMNS = ("class_id", "layer", "channel", "activation_count")


def read_counts(run: Path, n_channels: Mapping[str, int], class_ids: Collection[int]) -> dict[str, NDArray[np.int32]]:
    """Reads `activation_count`, (class, channel) by layer.

    Besides the result one piece of the table is in memory: all of it would take five times as much.

    Args:
        run: the run's directory.
        n_channels: the number of channels by layer.
        class_ids: the classes of the rows, in ascending order. Others are left out.

    Raises:
        InputError: the run has no activations, or the file is damaged.
    """
    wanted = np.fromiter(class_ids, np.int64, len(class_ids))
    result = {layer: np.zeros((len(wanted), n), np.int32) for layer, n in n_channels.items()}
    for batch in iterate_batches(run, "activations", _COLUMNS):
        ids, codes = batch["class_id"].to_numpy(), batch["layer"].indices.to_numpy()
        channels, counts = batch["channel"].to_numpy(), batch["activation_count"].to_numpy()
        layers = batch["layer"].dictionary.to_pylist()
        for first, last in _find_stretches(ids, codes):
            row = int(np.searchsorted(wanted, ids[first]))
            if row < len(wanted) and wanted[row] == ids[first]:
                result[layers[codes[first]]][row, channels[first:last]] = counts[first:last]
    return result


def _find_stretches(*columns: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Yields the bounds of the stretches in which no column changes; a table sorted by them has few."""
    changes = [column[1:] != column[:-1] for column in columns]
    inner = np.flatnonzero(np.logical_or.reduce(changes)) + 1
    return pairwise(sorted({0, *inner.tolist(), len(columns[0])}))
