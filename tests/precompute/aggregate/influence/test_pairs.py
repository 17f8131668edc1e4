"""The strongest sources of every target, and their sums over images, with the compiled loops and without."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from precompute.aggregate.influence import pairs
from precompute.aggregate.influence.pairs import (
    PairCounter,
    PairInfluence,
    find_strongest_of_batch,
    find_strongest_sources,
)
from precompute.aggregate.influence.values import Values

CPU = torch.device("cpu")


@pytest.fixture(params=["compiled", "torch"])
def tier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "torch":
        monkeypatch.setattr(pairs, "load_compiled_loops", lambda: None)
    return request.param


class Table(PairInfluence):
    """Influences that are given, whatever the values."""

    def __init__(self, table: Tensor) -> None:
        self._table = table

    @property
    def n_targets(self) -> int:
        return len(self._table)

    @property
    def n_sources(self) -> int:
        return self._table.shape[1]

    def __call__(self, values: Values) -> Tensor:
        return self._table[None]


def count(counter: PairCounter, *tables: Tensor) -> None:
    """Counts the strongest pairs of some images, given by their tables."""
    for table in tables:
        counter.add(*Table(table).find_strongest(Values({}, {}), 2))


FIRST = torch.tensor([[0.0, 3.0, 1.0], [2.0, 2.0, 2.0]])
SECOND = torch.tensor([[5.0, 0.0, 0.0], [0.0, 1.0, 4.0]])


def test_ties_go_to_the_lower_source_and_unused_ranks_have_no_strength(tier: str) -> None:
    strengths, sources = find_strongest_sources(FIRST.clone(), 2)
    assert strengths.tolist() == [[3, 1], [2, 2]]
    assert sorted(sources[0].tolist()) == [1, 2] and sorted(sources[1].tolist()) == [0, 1]
    assert find_strongest_sources(SECOND.clone(), 2)[0].tolist() == [[5, 0], [4, 1]]


def test_no_more_ranks_than_sources_are_returned(tier: str) -> None:
    strengths, sources = find_strongest_sources(FIRST.clone(), 9)
    assert strengths.shape == sources.shape == (2, 3)


def test_a_batch_is_ranked_image_by_image() -> None:
    strengths, _ = find_strongest_sources(torch.stack([FIRST, SECOND]), 1)
    assert strengths.tolist() == [[[3], [2]], [[5], [4]]]


def test_counts_and_sums_over_two_images_are_those_computed_by_hand(tier: str) -> None:
    counter = PairCounter(Table(FIRST), 2, CPU)
    count(counter, FIRST, SECOND)
    sums = counter.build_sums()
    # Target 0: sources 1 and 2, then 0 alone. Target 1: sources 0 and 1 by the tie, then 2 and 1.
    assert sums.target_channel.tolist() == [0, 0, 0, 1, 1, 1]
    assert sums.source.tolist() == [0, 1, 2, 0, 1, 2]
    assert sums.influence_count.tolist() == [1, 1, 1, 1, 2, 1]
    assert sums.influence_sum.tolist() == [5, 3, 1, 2, 3, 4]


def test_a_counter_counts_the_strongest_pairs_of_its_own_influence() -> None:
    counter = PairCounter(Table(FIRST), 1, CPU)
    strengths, sources = counter.find_strongest(Values({}, {}))
    assert strengths.tolist() == [[3], [2]] and sources.tolist() == [[1], [0]]


def test_after_a_reset_no_pair_is_left_and_earlier_sums_keep_their_numbers(tier: str) -> None:
    counter = PairCounter(Table(FIRST), 2, CPU)
    count(counter, FIRST)
    before = counter.build_sums()
    counter.reset()
    assert len(counter.build_sums().source) == 0
    assert before.influence_count.tolist() == [1, 1, 1, 1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4))
def test_both_tiers_have_the_same_sums(seed: int, n_images: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    tables = torch.randint(0, 5, (n_images, 3, 7), generator=generator).float()
    found = []
    for hidden in (False, True):
        with pytest.MonkeyPatch.context() as patch:
            if hidden:
                patch.setattr(pairs, "load_compiled_loops", lambda: None)
            counter = PairCounter(Table(tables[0]), 2, CPU)
            count(counter, *tables)
            found.append({name: value.tolist() for name, value in vars(counter.build_sums()).items()})
    assert found[0] == found[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(0, 12))
def test_by_batch_the_same_sources_are_found_also_among_ties(seed: int, top_k: int) -> None:
    random = torch.Generator().manual_seed(seed)
    influence = torch.randint(0, 4, (2, 3, 10), generator=random).float()
    strengths, sources = find_strongest_of_batch(influence.clone(), top_k)
    for image, table in enumerate(influence):
        order = table.sort(dim=-1, descending=True, stable=True).indices[:, : min(top_k, 10)]
        assert strengths[image].tolist() == table.gather(1, order).tolist()
        assert sources[image][strengths[image] > 0].tolist() == order[strengths[image] > 0].tolist()
