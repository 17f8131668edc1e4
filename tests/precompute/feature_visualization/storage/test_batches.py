"""Batches that are drawn, stored one by one, and moved into the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from precompute.devices.cores import Parallel
from precompute.feature_visualization.storage import batches
from precompute.feature_visualization.storage.batches import draw_batches
from precompute.feature_visualization.storage.part_store import Row

SETTINGS = {"name": {"seed": 0}}


class Store:
    """A store in memory that records what happens to it, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.settings: list[Mapping[str, Mapping[str, Any]]] = []

    def keep(self, rows: Sequence[Row]) -> None:
        self.events.append(f"keep {rows[0]['batch']}")

    def fold(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        self.events.append("fold")
        self.settings.append(settings)


@pytest.fixture
def parallel() -> Iterator[Parallel]:
    with Parallel(torch.device("cpu"), 1) as workers:
        yield workers


def draw(batch: int) -> list[list[dict[str, Any]]]:
    """Draws two rows of each batch, and none of batch 2, for which there is no time."""
    return [] if batch == 2 else [[{"batch": batch, "row": row} for row in range(2)]]


def test_rows_come_in_order_and_the_table_is_written_once_at_the_end(parallel: Parallel) -> None:
    store = Store()
    rows = list(draw_batches(store, draw, [0, 1, 3], SETTINGS, parallel))
    assert [(row["batch"], row["row"]) for each in rows for row in each] == [(b, r) for b in (0, 1, 3) for r in (0, 1)]
    assert store.events == ["keep 0", "keep 1", "keep 3", "fold"]
    assert store.settings == [SETTINGS]


def test_a_batch_without_rows_is_not_stored(parallel: Parallel) -> None:
    store = Store()
    assert [len(rows) for rows in draw_batches(store, draw, [1, 2, 3], SETTINGS, parallel)] == [2, 2]
    assert store.events == ["keep 1", "keep 3", "fold"]


def test_no_batches_still_write_the_table(parallel: Parallel) -> None:
    """Batches that a killed call stored go into the table even if nothing is left to draw."""
    store = Store()
    assert list(draw_batches(store, draw, [], SETTINGS, parallel)) == []
    assert store.events == ["fold"]


def test_an_error_leaves_finished_batches_stored_and_the_table_as_it_was(parallel: Parallel) -> None:
    store = Store()

    def fail_at_three(batch: int) -> list[list[dict[str, Any]]]:
        if batch == 3:
            raise KeyboardInterrupt
        return draw(batch)

    with pytest.raises(KeyboardInterrupt):
        list(draw_batches(store, fail_at_three, [0, 1, 3], SETTINGS, parallel))
    assert store.events == ["keep 0", "keep 1"]


def test_parts_of_a_batch_are_stored_and_told_as_they_end() -> None:
    """Checks a device whose memory is full: what was drawn of a batch stays after an interruption."""
    store, told = Store(), list[int]()

    def draw_parts(batch: int) -> Iterator[list[dict[str, Any]]]:
        yield from ([{"batch": f"{batch}.{part}"}] for part in range(2))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told.extend(map(len, draw_batches(store, draw_parts, [0], SETTINGS, Parallel(torch.device("cuda")))))
    assert store.events == ["keep 0.0", "keep 0.1"] and told == [1, 1]


@pytest.mark.parametrize(
    ("seconds_of_fold", "n_folds"),
    [(0.0, 4), (10.0, 1)],
    ids=["fast", "slow"],
)
def test_a_table_that_takes_long_is_written_less_often(
    parallel: Parallel, monkeypatch: pytest.MonkeyPatch, seconds_of_fold: float, n_folds: int
) -> None:
    """Each of eight batches takes 20 s; writing the table takes 10 s, so 200 s pass before the next time."""
    now = [0.0]
    monkeypatch.setattr(batches, "time", SimpleNamespace(monotonic=lambda: now[0]))
    store = Store()

    def advance(seconds: float, then: Callable[..., Any]) -> Callable[..., Any]:
        def act(*arguments: Any) -> Any:
            now[0] += seconds
            return then(*arguments)

        return act

    monkeypatch.setattr(store, "fold", advance(seconds_of_fold, store.fold))
    for _ in draw_batches(store, draw, [0] * 8, SETTINGS, parallel):
        now[0] += 20.0
    assert store.events.count("fold") == n_folds + 1, "and once at the end"
