"""Counts of pairs of several units at once, by tables worked out by hand."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from precompute.aggregate.influence.pairs import PairCounter, PairInfluence, PairSums, find_strongest_of_batch
from precompute.aggregate.influence.values import Values
from precompute.aggregate.pair_table import PairTable

CPU = torch.device("cpu")


class Shape(PairInfluence):
    """An influence of which the table knows the size alone."""

    def __init__(self, n_targets: int, n_sources: int) -> None:
        self._shape = n_targets, n_sources

    @property
    def n_targets(self) -> int:
        return self._shape[0]

    @property
    def n_sources(self) -> int:
        return self._shape[1]

    def __call__(self, values: Values) -> Tensor:
        raise NotImplementedError


def list_rows(sums: PairSums) -> list[tuple[int, int, int, float]]:
    columns = (sums.target_channel, sums.source, sums.influence_count, sums.influence_sum)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_images_are_scattered_to_their_units_and_influences_stay_apart() -> None:
    table = PairTable([Shape(2, 3), Shape(1, 2)], 3, CPU)
    first, second = table.take_slot(), table.take_slot()
    found = [
        (torch.tensor([[[5.0], [1]], [[4], [0]], [[2], [3]]]), torch.tensor([[[1], [2]], [[1], [0]], [[0], [2]]])),
        (torch.tensor([[[7.0]], [[8]], [[0]]]), torch.tensor([[[1]], [[1]], [[0]]])),
    ]
    strengths, pairs = table.number_pairs(found)
    table.add(torch.tensor([first, first, second]), strengths, pairs)
    mine, other = table.collect([first, second])
    assert [list_rows(sums) for sums in mine] == [[(0, 1, 2, 9.0), (1, 2, 1, 1.0)], [(0, 1, 2, 15.0)]]
    assert [list_rows(sums) for sums in other] == [[(0, 0, 1, 2.0), (1, 2, 1, 3.0)], []]


def test_a_slot_that_was_read_out_is_empty_and_free() -> None:
    table = PairTable([Shape(1, 1)], 1, CPU)
    for strength in (2.0, 3.0):
        slot = table.take_slot()
        found = table.number_pairs([(torch.tensor([[[strength]]]), torch.tensor([[[0]]]))])
        table.add(torch.tensor([slot]), *found)
        ((sums,),) = table.collect([slot])
        assert list_rows(sums) == [(0, 0, 1, strength)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4))
def test_it_counts_what_a_counter_of_each_unit_counts(seed: int, top_k: int) -> None:
    random = torch.Generator().manual_seed(seed)
    influence = torch.randint(0, 4, (5, 3, 4), generator=random).float()  # full of ties and zeros
    units = torch.randint(0, 2, (5,), generator=random)
    shape = Shape(3, 4)
    table = PairTable([shape], 2, CPU)
    slots = [table.take_slot(), table.take_slot()]
    found = find_strongest_of_batch(influence.clone(), top_k)
    table.add(units, *table.number_pairs([found]))
    for unit, (sums,) in enumerate(table.collect(slots)):
        counter = PairCounter(shape, top_k, CPU)
        for row in (units == unit).nonzero()[:, 0].tolist():
            counter.add(*(one[row].contiguous() for one in found))
        assert list_rows(counter.build_sums()) == list_rows(sums)
