from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from summit_dash.run.class_order import order_classes
from summit_dash.run.confusion_map import N_STRONGEST, find_strongest, map_classes, map_groups
from summit_dash.run.confusions import compute_confusions
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

LAYERS = (("conv1", 4), ("conv2", 4))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A run of more classes than a map shows."""
    options = SyntheticRun(n_classes=80, layers=LAYERS, n_images=20, n_groups=5)
    return RunStore(write_synthetic_run(tmp_path_factory.mktemp("runs") / "large", options))


def count_pairs(store: RunStore) -> Counter[tuple[int, int]]:
    """Counts the wrong images by class and what they were taken for."""
    pairs = compute_confusions(store).pairs
    keys = zip(pairs.class_id.tolist(), pairs.taken_for.tolist(), strict=True)
    return Counter(dict(zip(keys, pairs.n_images.tolist(), strict=True)))


def test_few_classes_are_all_in_the_map(store: RunStore) -> None:
    found, counted = map_classes(store), compute_confusions(store)
    assert [side.key for side in found.sides] == order_classes(store, store.classes)
    assert [side.group for side in found.sides] == [0] * 4 + [1] * 4 + [2] * 4
    assert {side.key: side.n_wrong for side in found.sides} == dict(
        zip(counted.class_ids.tolist(), counted.n_wrong.tolist(), strict=True)
    )
    cells = {(found.sides[c.row].key, found.sides[c.column].key): c.n_images for c in found.cells}
    assert cells == count_pairs(store)
    assert all((c.class_id, c.taken_for) == (found.sides[c.row].key, found.sides[c.column].key) for c in found.cells)
    assert all(c.n_strongest == c.n_images for c in found.cells)


def test_of_many_classes_the_map_shows_those_of_the_strongest_pairs(large: RunStore) -> None:
    strongest, pairs = find_strongest(compute_confusions(large)), count_pairs(large)
    assert len(strongest.n_images) == N_STRONGEST
    assert strongest.n_images.tolist() == sorted(pairs.values(), reverse=True)[:N_STRONGEST]
    found = map_classes(large)
    keys = [side.key for side in found.sides]
    assert set(keys) == {*strongest.class_id.tolist(), *strongest.taken_for.tolist()} and len(keys) < 80
    among = {pair: n for pair, n in pairs.items() if set(pair) <= set(keys)}
    assert {(c.class_id, c.taken_for): c.n_images for c in found.cells} == among


def test_groups_add_up_their_classes(large: RunStore) -> None:
    found, pairs = map_groups(large), count_pairs(large)
    assert found is not None and [side.key for side in found.sides] == [0, 1, 2, 3, 4]
    assert sum(side.n_images for side in found.sides) == 1600
    assert sum(cell.n_images for cell in found.cells) == sum(pairs.values())
    groups = sorted({info.group or "" for info in large.classes.values()})
    members = {c: groups.index(info.group or "") for c, info in large.classes.items()}
    for cell in found.cells:
        inside = {(a, b): n for (a, b), n in pairs.items() if (members[a], members[b]) == (cell.row, cell.column)}
        assert cell.n_images == sum(inside.values())
        assert cell.n_strongest == max(inside.values()) == inside[cell.class_id, cell.taken_for]


def test_fewer_than_two_groups_have_no_map(tmp_path: Path) -> None:
    for name, options in (("none", {"ungrouped": range(4)}), ("one", {"n_groups": 1})):
        run = write_synthetic_run(tmp_path / name, SyntheticRun(n_classes=4, layers=LAYERS, n_images=10, **options))
        assert map_groups(RunStore(run)) is None


def test_the_strongest_pairs_of_equal_counts_are_those_of_the_greatest_share(store: RunStore) -> None:
    strongest = find_strongest(compute_confusions(store), 5)
    assert (np.diff(strongest.n_images) <= 0).all() and len(strongest.n_images) == 5
