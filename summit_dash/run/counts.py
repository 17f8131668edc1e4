"""The activation counts of a run: the largest of what the server keeps, read piece by piece."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
        mine = batch.filter(pc.is_in(batch["class_id"], pa.array(wanted)))
        rows = np.searchsorted(wanted, mine["class_id"].to_numpy())
        channels, counts = mine["channel"].to_numpy(), mine["activation_count"].to_numpy()
        codes = mine["layer"].indices.to_numpy()
        for code, layer in enumerate(mine["layer"].dictionary.to_pylist()):
            here = codes == code
            result[layer][rows[here], channels[here]] = counts[here]
    return result
