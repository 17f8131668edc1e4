"""The influences of one class: its rows of a large table, and the strongest of one channel among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from summit_dash.run.graphs import Channel, Edge
from summit_dash.run.row_groups import RowGroups

__all__ = ["ClassInfluences", "find_strongest"]

_COLUMNS = ("target_layer", "target_channel", "source_layer", "source_channel", "influence_count", "mean_influence")


class ClassInfluences:
    """Reads the influences of classes.

    Args:
        run: the run's folder.
    """

    def __init__(self, run: Path) -> None:
        self._rows = RowGroups(run, "influences", ["class_id"])

    def read(self, class_id: int) -> pa.Table:
        """Reads the rows of a class, each column in one piece.

        Raises:
            InputError: the run has no influences, or the file is damaged.
        """
        return self._rows.read(_COLUMNS, class_id=class_id).unify_dictionaries().combine_chunks()


def find_strongest(table: pa.Table, channel: Channel, end: str, n: int) -> list[Edge]:
    """Finds the strongest influences of a class at a channel.

    Args:
        table: as `ClassInfluences.read` returns it.
        channel: the channel.
        end: "target" for the influences on it, "source" for those that it has.
        n: greatest number of influences.

    Returns:
        Those with the greatest influence count, of equals the greatest mean, then in the order of the table.
    """
    layers = table[f"{end}_layer"].chunk(0) if table.num_rows else pa.array([], pa.dictionary(pa.int16(), pa.string()))
    names = layers.dictionary.to_pylist()
    if channel.layer not in names:
        return []
    is_layer = layers.indices.to_numpy() == names.index(channel.layer)
    rows = np.flatnonzero(is_layer & (_read(table, f"{end}_channel") == channel.channel))
    counts, means = _read(table, "influence_count")[rows], _read(table, "mean_influence")[rows]
    strongest = rows[np.lexsort((-means, -counts.astype(np.int64)))[:n]]
    return [
        Edge(
            source=Channel(row["source_layer"], row["source_channel"]),
            target=Channel(row["target_layer"], row["target_channel"]),
            influence_count=row["influence_count"],
            mean_influence=row["mean_influence"],
        )
        for row in table.take(strongest).to_pylist()
    ]


def _read(table: pa.Table, name: str) -> NDArray[Any]:
    """Returns a column without copying it."""
    column: NDArray[Any] = table[name].to_numpy()
    return column
