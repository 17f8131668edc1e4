from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.schema import locate_table
from summit_dash.run.class_order import order_classes
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture
def ungrouped(tmp_path: Path) -> RunStore:
    """A run of five classes without groups."""
    options = SyntheticRun(n_classes=5, layers=(("conv1", 4), ("conv2", 4)), n_images=10, ungrouped=range(5))
    return RunStore(write_synthetic_run(tmp_path / "run", options))


def place(store: RunStore, points: dict[int, tuple[float, float]]) -> None:
    """Places the classes of a run at the same points at every layer."""
    store.read_embedding = lambda layer: points  # type: ignore[method-assign]


def test_each_class_is_followed_by_the_nearest_that_is_left(ungrouped: RunStore) -> None:
    place(ungrouped, {0: (5, 0), 1: (0, 0), 2: (9, 0), 3: (1, 2), 4: (1, 3)})
    assert order_classes(ungrouped, range(5)) == [1, 3, 4, 0, 2]
    assert order_classes(ungrouped, [2, 0, 4]) == [4, 0, 2]


def test_ties_go_to_the_lower_class_and_classes_without_a_point_come_last(ungrouped: RunStore) -> None:
    place(ungrouped, {1: (0, 0), 3: (1, 0), 2: (-1, 0), 4: (-1, 5)})
    assert order_classes(ungrouped, range(5)) == [2, 1, 3, 4, 0]


def test_groups_are_kept_together_in_their_order(store: RunStore) -> None:
    ordered = order_classes(store, store.classes)
    assert [sorted(ordered[start : start + 4]) for start in (0, 4, 8)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    points = store.read_embedding("conv5")
    assert ordered[0] == min(range(4), key=lambda c: points[c][0])


def test_without_an_embedding_the_order_is_that_of_the_classes(ungrouped: RunStore) -> None:
    locate_table(ungrouped.path, "embeddings").unlink()
    assert order_classes(RunStore(ungrouped.path), [4, 2, 0]) == [0, 2, 4]
