"""Batches of pictures, drawn side by side, each kept at once, all of them put into the table from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from precompute.devices.cores import Parallel
from precompute.feature_visualization.storage.part_store import Row

__all__ = ["BatchStore", "draw_batches"]

_SECONDS_BETWEEN_FOLDS = 30.0
Batch = TypeVar("Batch")
Settings = Mapping[str, Mapping[str, Any]]


class BatchStore(Protocol):
    """What keeps finished batches, such as `PictureStore`."""

    def keep(self, rows: Sequence[Row]) -> None:
        """Keeps one batch."""
        ...

    def fold(self, settings: Settings) -> None:
        """Puts all that is kept into the table."""
        ...


def draw_batches(
    store: BatchStore,
    draw: Callable[[Batch], list[dict[str, Any]]],
    batches: Sequence[Batch],
    settings: Settings,
    parallel: Parallel,
) -> Iterator[list[dict[str, Any]]]:
    """The rows of each batch when it is kept; the last fold comes after the last batch.

    A batch of no rows, for which there was no time, leaves nothing.

    Args:
        store: of the run.
        draw: makes the rows of a batch.
        batches: those that are missing.
        settings: what the names of settings stand for.
        parallel: where `draw` runs.
    """

    def drawn_and_kept(batch: Batch) -> list[dict[str, Any]]:
        rows = draw(batch)
        if rows:
            store.keep(rows)
        return rows

    due = time.monotonic() + _SECONDS_BETWEEN_FOLDS
    for rows in parallel.map(drawn_and_kept, batches):
        yield rows
        if (start := time.monotonic()) > due:
            store.fold(settings)
            # Folding rewrites the table: with tens of thousands of pictures, less often.
            due = time.monotonic() + max(_SECONDS_BETWEEN_FOLDS, 20 * (time.monotonic() - start))
    store.fold(settings)
