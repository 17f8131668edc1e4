"""Batches of pictures: drawn in parallel, stored one by one, moved into the table from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from precompute.devices.cores import Parallel
from precompute.feature_visualization.storage.part_store import Row

__all__ = ["BatchStore", "draw_batches"]

_SECONDS_BETWEEN_FOLDS = 30.0
Batch = TypeVar("Batch")
Settings = Mapping[str, Mapping[str, Any]]


class BatchStore(Protocol):
    """A store of finished batches, such as `PictureStore`."""

    def keep(self, rows: Sequence[Row]) -> None:
        """Stores one batch beside the table."""
        ...

    def fold(self, settings: Settings) -> None:
        """Moves all stored batches into the table."""
        ...


def draw_batches(
    store: BatchStore,
    draw: Callable[[Batch], Iterable[list[dict[str, Any]]]],
    batches: Sequence[Batch],
    settings: Settings,
    parallel: Parallel,
) -> Iterator[list[dict[str, Any]]]:
    """Draws batches, and yields the rows of each part of one after it is stored.

    Parts are moved into the table every half a minute, or less often if that takes long, and at the end.

    Args:
        store: store of the run.
        draw: function from a batch to the rows of its parts: several where the whole does not fit into memory, none
            where there was no time.
        batches: missing batches, in the order in which they are drawn.
        settings: settings by name.
        parallel: the workers that run `draw`.
    """

    def draw_and_keep(batch: Batch) -> Iterator[list[dict[str, Any]]]:
        for rows in draw(batch):
            store.keep(rows)
            yield rows

    due = time.monotonic() + _SECONDS_BETWEEN_FOLDS
    for rows in parallel.map_to_many(draw_and_keep, batches):
        yield rows
        if (start := time.monotonic()) > due:
            store.fold(settings)
            # Folding rewrites the whole table, which takes long with tens of thousands of pictures.
            due = time.monotonic() + max(_SECONDS_BETWEEN_FOLDS, 20 * (time.monotonic() - start))
    store.fold(settings)
