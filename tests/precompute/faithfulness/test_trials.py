from __future__ import annotations

import numpy as np

from precompute.faithfulness.config import FaithfulnessConfig
from precompute.faithfulness.trials import ClassPlan, Masks, Trial, compute_sizes, list_trials

N_CHANNELS = [4, 10, 6]
ORDERS = {
    "pagerank": [np.arange(n) for n in N_CHANNELS],
    "effect": [np.arange(n)[::-1] for n in N_CHANNELS],
}
N_KEPT = [1, 3, 0]
PLAN = ClassPlan(3, ORDERS)


def test_sizes_are_multiples_of_the_graph_layer_by_layer() -> None:
    assert compute_sizes([1, 3, 0], N_CHANNELS, 0) == (1, 1, 0)
    assert compute_sizes([1, 3, 0], N_CHANNELS, 0.5) == (1, 2, 0)
    assert compute_sizes([1, 3, 0], N_CHANNELS, 1) == (1, 3, 0)
    assert compute_sizes([1, 3, 0], N_CHANNELS, 8) == (4, 10, 0)


def test_the_trials_of_a_class() -> None:
    config = FaithfulnessConfig(n_repeats=2, factors=(0.0, 1.0), layer_factors=(0.0, 0.25, 1.0))
    found = list_trials(N_KEPT, N_CHANNELS, config)
    of_size = [
        ("pagerank", "remove"),
        ("pagerank", "keep"),
        ("effect", "remove"),
        ("effect", "keep"),
        *[("", "random")] * 2,
    ]
    listed = [(trial.layer, trial.sizes, trial.selection, trial.intervention) for trial in found]
    sizes = [(0, (1, 0, 0)), (1, (0, 1, 0)), (1, (0, 3, 0)), (None, (1, 1, 0)), (None, (1, 3, 0))]
    assert listed == [(layer, size, *kind) for layer, size in sizes for kind in of_size]


def test_a_class_without_a_graph_has_no_trials() -> None:
    assert list_trials([0, 0, 0], N_CHANNELS, FaithfulnessConfig()) == []


def test_removing_and_keeping_are_complements() -> None:
    masks = Masks(PLAN, N_CHANNELS, seed=0)
    removed = masks.find_kept(Trial(None, "pagerank", "remove", (1, 3, 0)), 1)
    assert removed.tolist() == [False] * 3 + [True] * 7
    assert (masks.find_kept(Trial(None, "pagerank", "keep", (1, 3, 0)), 1) == ~removed).all()
    assert masks.find_kept(Trial(None, "effect", "remove", (1, 3, 0)), 1).tolist() == [True] * 7 + [False] * 3
    assert masks.find_kept(Trial(1, "effect", "keep", (0, 3, 0)), 0).all()


def test_random_channels_are_nested_and_differ_by_repeat_and_class() -> None:
    masks, other = Masks(PLAN, N_CHANNELS, seed=0), Masks(ClassPlan(4, ORDERS), N_CHANNELS, seed=0)

    def find_removed(of: Masks, size: int, repeat: int) -> set[int]:
        return set(np.flatnonzero(~of.find_kept(Trial(1, "", "random", (0, size, 0), repeat), 1)).tolist())

    assert len(find_removed(masks, 5, 0)) == 5
    assert find_removed(masks, 3, 0) < find_removed(masks, 5, 0)
    assert find_removed(masks, 5, 0) != find_removed(masks, 5, 1)
    assert find_removed(masks, 5, 0) != find_removed(other, 5, 0)
    assert find_removed(Masks(PLAN, N_CHANNELS, seed=0), 5, 0) == find_removed(masks, 5, 0)
