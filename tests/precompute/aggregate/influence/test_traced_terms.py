"""Shares, concatenations and selections of arrivals, by numbers worked out by hand."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from precompute.aggregate.influence.traced_terms import (
    Arrivals,
    Traits,
    compute_shares,
    concatenate,
    divide,
    find_greatest,
    identify,
)


def make_arrivals(influence: Tensor, is_composed: bool = False) -> Arrivals:
    """Makes arrivals that are no source channels."""
    return Arrivals(influence, Traits.unite(influence.shape[1], is_composed))


def join(parts: list[Arrivals]) -> Arrivals:
    """Joins arrivals along their channels."""
    traits = Traits.concatenate([part.traits for part in parts])
    return Arrivals(concatenate([part.influence for part in parts]), traits)


ROWS = torch.tensor([[[1.0, 3.0], [0.0, 0.0]]])


def test_a_row_is_divided_by_its_sum_and_a_row_of_zeros_stays() -> None:
    assert compute_shares(make_arrivals(ROWS)).tolist() == [[[0.25, 0.75], [0, 0]]]


def test_rows_that_are_shares_already_are_kept() -> None:
    assert compute_shares(make_arrivals(ROWS, is_composed=True)) is ROWS
    identity = torch.eye(2)[None]
    assert compute_shares(identify(identity)) is identity


def test_in_a_mixture_only_the_rows_of_influences_are_divided() -> None:
    mixed = join([make_arrivals(ROWS), make_arrivals(ROWS, is_composed=True), identify(torch.eye(2)[None])])
    assert compute_shares(mixed)[0].tolist() == [[0.25, 0.75], [0, 0], [1, 3], [0, 0], [1, 0], [0, 1]]


def test_a_batch_of_one_is_repeated_beside_a_longer_batch() -> None:
    both = join([identify(torch.eye(2)[None]), make_arrivals(ROWS.expand(3, -1, -1))])
    assert both.influence.shape == (3, 4, 2)
    assert both.traits.is_identity.tolist() == [True, True, False, False]


def test_a_source_is_turned_where_its_sign_is_negative() -> None:
    found = identify(torch.eye(3)[None], torch.tensor([1.0, -2.0, 0.0]))
    assert found.traits.is_turned.tolist() == [False, True, False] and found.traits.are_identities
    assert found.traits.has_turned and not identify(torch.eye(3)[None]).traits.has_turned


def test_channels_are_selected_with_their_flags_and_may_be_repeated() -> None:
    found = Traits.identify(3, torch.tensor([1.0, -1.0, 1.0])).select((1, 1, 0))
    assert found.is_turned.tolist() == [True, True, False] and found.are_shares


def test_the_greatest_value_behind_a_negative_factor_is_that_of_the_least() -> None:
    values = torch.tensor([[[1.0, -3.0], [2.0, 4.0]]])
    assert find_greatest(values, None).tolist() == [[1, 4]]
    assert find_greatest(values, torch.tensor([-2.0, 0.5])).tolist() == [[6, 2]]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31))
def test_shares_sum_to_one_or_nothing(seed: int) -> None:
    influence = torch.randint(0, 4, (2, 5, 3), generator=torch.Generator().manual_seed(seed)).float()
    total = divide(influence, influence.sum(2)).sum(2)
    assert torch.allclose(total, (influence.sum(2) > 0).float())
