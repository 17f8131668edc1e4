"""Scaling and turning round: by small numbers, on each kind of expression."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx

from precompute.models.layers.selection import RecordedLayer
from precompute.models.provenance.descent import find_descents
from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    Term,
)
from precompute.models.provenance.turning import Turner

LAYER, CONVOLUTION = fx.Graph().placeholder("layer"), fx.Graph().placeholder("convolution")
SOURCE = Source(RecordedLayer("layer", LAYER, "Conv2d", 3, 1, 1, None))


def make_convolution() -> Convolution:
    """Makes a pointwise convolution of three channels with the weights 1 to 9."""
    weight = torch.arange(1.0, 10).view(3, 3, 1, 1)
    return Convolution(CONVOLUTION, weight, (1, 1), (0, 0), (1, 1), 1, LAYER, SOURCE)


def double(*values: float) -> Tensor:
    """Makes a scale in double precision."""
    return torch.tensor(values, dtype=torch.float64)


def find_signs(channels: Channels) -> list[dict[int, int]]:
    """Finds the sign by origin channel of each channel."""
    return [{channel: sign for (_, channel), sign in one.items()} for one in find_descents(channels)]


EXPRESSIONS: dict[str, Channels] = {
    "layer": SOURCE,
    "closed convolution": Passed(make_convolution()),
    "selection": Selection(SOURCE, (2, 0, 1)),
    "selection of one twice": Selection(SOURCE, (2, 2, 1)),
    "concatenation": Concatenation((Selection(SOURCE, (0,)), Nothing(1), Selection(SOURCE, (1,)))),
    "sum": Addition((Term(make_convolution(), CONVOLUTION), Term(SOURCE, LAYER)), 3),
    "sum of a sum": Addition(
        (Term(Passed(Addition((Term(SOURCE, LAYER), Term(make_convolution(), CONVOLUTION)), 3)), LAYER),), 3
    ),
}


def test_an_open_convolution_takes_the_scale_into_its_weight() -> None:
    found = Turner().scale(make_convolution(), double(2, -1, 0))

    assert isinstance(found, Convolution)
    assert found.weight.flatten(1).tolist() == [[2, 4, 6], [-4, -5, -6], [0, 0, 0]]
    assert found.gain is not None and found.gain.tolist() == [2, -1, 0]
    twice = Turner().scale(found, double(3, 3, 3))
    assert isinstance(twice, Convolution) and twice.gain is not None
    assert twice.gain.tolist() == [6, -3, 0]
    assert twice.weight.dtype == torch.float32


def test_behind_a_nonlinearity_only_the_sign_counts() -> None:
    found = Turner().scale(Passed(make_convolution()), double(5, -0.1, 0))

    assert isinstance(found, Passed) and isinstance(found.of, Convolution)
    assert found.of.weight.flatten(1).tolist() == [[1, 2, 3], [-4, -5, -6], [0, 0, 0]]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_ones_change_nothing(name: str) -> None:
    turner = Turner()

    assert turner.scale(EXPRESSIONS[name], double(1, 1, 1)) is EXPRESSIONS[name]
    assert turner.turn(EXPRESSIONS[name], double(1, 1, 1)) is EXPRESSIONS[name]


@pytest.mark.parametrize("sign", [(-1, -1, -1), (1, -1, 1), (-1, 0, 1), (0, 0, 0)], ids=str)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_descent_of_a_channel_is_turned_with_it(name: str, sign: tuple[int, int, int]) -> None:
    before = find_signs(EXPRESSIONS[name])

    after = find_signs(Turner().turn(EXPRESSIONS[name], double(*sign)))

    for one, old, new in zip(sign, before, after, strict=True):
        assert new == ({} if one == 0 else {channel: one * known for channel, known in old.items()})


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_two_turns_are_none(name: str) -> None:
    turner, minus = Turner(), double(-1, -1, -1)

    turned = turner.turn(EXPRESSIONS[name], minus)

    assert turner.turn(turned, minus) is EXPRESSIONS[name]
    assert turner.turn(EXPRESSIONS[name], minus) is turned  # deep networks hold each opposite once


def test_a_layer_that_is_turned_twice_channel_by_channel_is_as_it_was() -> None:
    turner, sign = Turner(), double(1, -1, 1)

    turned = turner.turn(SOURCE, sign)
    assert isinstance(turned, Source) and turned.sign is not None and turned.sign.tolist() == [1, -1, 1]
    again = turner.turn(turned, sign)
    assert isinstance(again, Source) and again.sign is None


def test_a_term_keeps_its_coefficient_as_a_factor() -> None:
    turner = Turner()
    term = Term(Passed(make_convolution()), CONVOLUTION)

    assert turner.weigh(term, double(1, 1, 1)) is term
    weighed = turner.weigh(turner.weigh(term, double(-2, -2, -2)), double(0.5, 0.5, 0.5))
    assert weighed.factor is not None and weighed.factor.tolist() == [-1, -1, -1]
    assert find_signs(weighed.channels) == [{0: -1}, {1: -1}, {2: -1}]


def test_an_open_convolution_in_a_sum_takes_the_coefficient_itself() -> None:
    weighed = Turner().weigh(Term(make_convolution(), CONVOLUTION), double(2, 2, 2))

    assert isinstance(weighed.channels, Convolution)
    assert weighed.channels.weight.flatten(1)[0].tolist() == [2, 4, 6]
    assert weighed.factor is not None and weighed.factor.tolist() == [2, 2, 2]


def test_the_opposite_of_a_deep_network_needs_no_stack() -> None:
    channels: Channels = SOURCE
    for _ in range(1200):
        channels = Passed(Addition((Term(channels, LAYER),), 3))

    assert find_signs(Turner().turn(channels, double(-1, -1, -1))) == [{0: -1}, {1: -1}, {2: -1}]
