"""`summit-dash models`: names that match, and what is known of them without building them."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from precompute.commands.models import ModelsOptions, run_models
from precompute.contract.errors import InputError


def list_models(options: ModelsOptions) -> str:
    """Returns what the command prints."""
    file = io.StringIO()
    run_models(options, Console(file=file, width=200))
    return file.getvalue()


def test_without_a_pattern_a_selection_is_listed_and_the_rest_counted() -> None:
    text = list_models(ModelsOptions())
    assert "torchvision:resnet50" in text
    assert "more names: summit-dash models PATTERN" in text


def test_a_pattern_lists_names_with_input_layers_and_accuracy() -> None:
    lines = list_models(ModelsOptions("torchvision:resnet18")).splitlines()
    (found,) = [line for line in lines if line.startswith("torchvision:resnet18")]
    assert "224 x 224" in found
    assert found.split()[-1] == "0.698"


def test_json_is_one_object_per_model() -> None:
    found = json.loads(list_models(ModelsOptions("torchvision:resnet18", as_json=True)))
    assert [entry["source"] for entry in found] == ["torchvision:resnet18"]
    assert found[0]["input_size"] == [3, 224, 224]


def test_details_list_the_layers_of_known_models() -> None:
    text = list_models(ModelsOptions("torchvision:resnet18", details=True))
    assert "layer4.1 512" in text and "output layer fc, 1,000 outputs" in text


def test_a_pattern_that_matches_nothing_names_what_is_near() -> None:
    with pytest.raises(InputError) as caught:
        list_models(ModelsOptions("resnet19"))
    assert caught.value.found == "Nothing matches resnet19."
    assert "resnet18" in caught.value.fix
