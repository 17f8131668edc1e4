"""Options as commands read them."""

from __future__ import annotations

import importlib.util

import pytest
from rich.console import Console

from precompute.commands.shared import print_pictures, read_numbers, require_positive, require_precompute, split_names
from precompute.contract.errors import InputError


def test_names_are_split_at_commas_and_empty_ones_left_out() -> None:
    assert split_names(" mixed3a, ,mixed4d,") == ("mixed3a", "mixed4d")


def test_numbers_and_ranges_are_each_taken_once_in_their_order() -> None:
    assert read_numbers("--channels", "7,3-5,4") == (7, 3, 4, 5)


@pytest.mark.parametrize("text", ["", "a", "5-3", "-1", f"{2**24}"])
def test_other_text_is_no_list_of_numbers(text: str) -> None:
    with pytest.raises(InputError, match="--channels"):
        read_numbers("--channels", text)


def test_an_option_below_one_is_named_as_it_was_typed() -> None:
    require_positive("batch_size", 1)
    with pytest.raises(InputError) as caught:
        require_positive("batch_size", 0)
    assert caught.value.rule == "--batch-size is at least 1."


def test_missing_libraries_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in {"umap", "scipy"} else found(name))
    with pytest.raises(InputError, match="Not installed here: scipy, umap") as caught:
        require_precompute()
    assert caught.value.fix == "pip install 'summit-dash[precompute]'"


def test_pictures_are_counted_per_layer_and_layers_without_any_left_out() -> None:
    counts = {"n_pictures": 4, "n_dead": 1, "n_compared": 3, "n_beating_best_example": 2}
    empty = dict.fromkeys(counts, 0)
    console = Console(record=True, width=200, quiet=False, file=None)
    with console.capture() as captured:
        print_pictures({"layers": {"conv1": counts, "conv2": empty}}, console)
    assert captured.get().splitlines() == [
        "Channels of the run as pictures:",
        "  conv1: 4 drawn, 2 of 3 excite their channel more than the best image does, 1 dead",
    ]
