from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.colorings import COLORINGS, compute_coloring, rank_groups
from summit_dash.graph.theme import COLOR_SHARED
from summit_dash.run.store import RunStore


@pytest.mark.parametrize("color", COLORINGS)
def test_every_class_has_one_colour(store: RunStore, color: str) -> None:
    coloring = compute_coloring(store, color, "conv3", 3, "light")
    members = [class_id for part in coloring.parts for class_id in part.class_ids]
    assert sorted(members) == list(store.classes)


def test_similarity_is_the_cosine_with_the_class_and_leaves_it_out(store: RunStore) -> None:
    units = store.read_unit_counts("conv3")
    known, itself = compute_coloring(store, "similarity", "conv3", 3, "light").parts
    assert known.values is not None
    assert known.values[5] == pytest.approx(float(units[3] @ units[5]))
    assert (list(itself.class_ids), itself.color) == ([3], COLOR_SHARED)


def test_groups_go_by_size(store: RunStore) -> None:
    sizes = [size for _, size in rank_groups(store)]
    assert sizes == sorted(sizes, reverse=True)


def test_what_the_run_lacks_is_said(bare_store: RunStore, store: RunStore) -> None:
    with pytest.raises(InputError, match="accuracy"):
        compute_coloring(bare_store, "accuracy", "conv3", None, "light")
    with pytest.raises(InputError, match="No class is given"):
        compute_coloring(store, "similarity", "conv3", None, "light")
    with pytest.raises(InputError, match="'hue'"):
        compute_coloring(store, "hue", "conv3", None, "light")
