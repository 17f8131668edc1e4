"""Recorded values: batches split, joined and selected, and the extremes of channels."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, fx

from precompute.aggregate.influence import values as module
from precompute.aggregate.influence.values import Values
from precompute.models.graph.layout import Layout

NODE, OTHER = fx.Graph().placeholder("maps"), fx.Graph().placeholder("tokens")
LAYOUTS = {NODE: Layout(1, 2, (2, 2)), OTHER: Layout(2, 3, (1, 2))}
MAPS = torch.tensor([[[[1.0, -2], [5, 5]], [[0, 0], [-1, -4]]], [[[7, 8], [9, 3]], [[2, 2], [2, 2]]]])
TOKENS = torch.arange(12.0).reshape(2, 2, 3)


def make_values(maps: Tensor = MAPS) -> Values:
    """Makes values of two images, one node with maps and one with tokens."""
    return Values({NODE: maps, OTHER: TOKENS}, LAYOUTS)


def test_a_value_is_read_as_channels_at_positions_or_raw() -> None:
    values = make_values()
    assert torch.equal(values[NODE], MAPS)
    assert values[OTHER].shape == (2, 3, 1, 2) and values.read_raw(OTHER).shape == (2, 2, 3)
    assert values[OTHER][0, 1].flatten().tolist() == [1, 4]


def test_a_batch_is_split_and_joined_again() -> None:
    values = make_values()
    images = values.split_images()
    assert [len(image) for image in images] == [1, 1]
    assert torch.equal(images[1].read_raw(OTHER), TOKENS[1:])
    joined = Values.join(images)
    assert len(joined) == 2 and torch.equal(joined[NODE], MAPS) and joined.device == MAPS.device
    assert images[0].split_images() == [images[0]]


def test_images_are_selected_in_the_given_order() -> None:
    assert torch.equal(make_values().select([1])[NODE], MAPS[1:])
    values = make_values()
    assert values.select([0, 1]) is values


@pytest.mark.parametrize("form", ["channels last", "channels first", "without numba"])
def test_extremes_and_the_first_greatest_position(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if form == "without numba":
        monkeypatch.setattr(module, "load_compiled_loops", lambda: None)
    maps = MAPS.contiguous(memory_format=torch.channels_last) if form == "channels last" else MAPS
    for image, greatest, least, position in zip(
        make_values(maps).split_images(), ([5, 0], [9, 2]), ([-2, -4], [3, 2]), ([2, 0], [2, 0]), strict=True
    ):
        assert [one.tolist() for one in image.find_extremes(NODE)] == [[greatest], [least]]
        assert image.find_maximum(NODE).activation.tolist() == [greatest]
        assert image.find_maximum(NODE).position.tolist() == [position]


@pytest.mark.parametrize("form", ["channels last", "channels first"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_extremes_are_no_numbers_where_a_value_is_none(form: str, value: float) -> None:
    maps = MAPS.clone()
    maps[0, 1, 0, 1] = value
    maps = maps.contiguous(memory_format=torch.channels_last) if form == "channels last" else maps
    first, second = make_values(maps).split_images()
    finite = torch.cat(first.find_extremes(NODE)).isfinite().all(0)
    assert finite.tolist() == [True, False]
    assert bool(torch.cat(second.find_extremes(NODE)).isfinite().all())


def test_images_with_infinite_values_are_found_but_for_the_nodes_left_out() -> None:
    maps, tokens = MAPS.clone(), TOKENS.clone()
    maps[0, 0, 0, 0], tokens[1, 0, 0] = math.nan, math.inf
    values = Values({NODE: maps, OTHER: tokens}, LAYOUTS)
    assert values.are_finite(without=()).tolist() == [False, False]
    assert values.are_finite(without={NODE}).tolist() == [True, False]
    assert values.are_finite(without={NODE, OTHER}).tolist() == [True, True]


def test_whole_numbers_are_always_finite() -> None:
    values = Values({NODE: MAPS, OTHER: torch.zeros(2, dtype=torch.int64)}, LAYOUTS)
    assert values.are_finite(without=()).tolist() == [True, True]
