"""Sentences about a model's outputs, for each state that a manifest can be in."""

from __future__ import annotations

from typing import Any

import pytest

from precompute.contract.output_meanings import OUTPUT_ACTIVATIONS, describe_outputs, find_recorded_outputs


@pytest.mark.parametrize(
    "model",
    [{}, {"output_activation": None}, {"output_activation": None, "has_one_logit": False}],
    ids=["earlier version", "logits", "several logits"],
)
def test_plain_logits_need_no_words(model: dict[str, Any]) -> None:
    assert describe_outputs(model) == ""


@pytest.mark.parametrize("activation", OUTPUT_ACTIVATIONS)
def test_each_activation_has_its_sentences(activation: str) -> None:
    assert describe_outputs({"output_activation": activation}) == OUTPUT_ACTIVATIONS[activation]


@pytest.mark.parametrize(
    ("activation", "ending"),
    [
        (None, "The forward returns one logit, whose sigmoid is the probability of output 1."),
        ("sigmoid", "its logit is the value before."),
        ("single_probabilities", "which is the probability of output 1."),
    ],
)
def test_a_single_output_has_two_classes(activation: str | None, ending: str) -> None:
    words = describe_outputs({"output_activation": activation, "has_one_logit": True})

    assert words.startswith("The model has one output, and so two classes") and words.endswith(ending)


def test_an_activation_of_a_later_version_is_passed_over() -> None:
    assert describe_outputs({"output_activation": "argmax"}) == ""
    assert describe_outputs({"output_activation": "argmax", "has_one_logit": True}).endswith("output 0 the contrary.")


def test_outputs_that_do_not_sum_to_one_say_so() -> None:
    separate = {name for name, words in OUTPUT_ACTIVATIONS.items() if "not sum to 1" in words}

    assert separate == {"sigmoid", "log_sigmoid", "single_probabilities"}


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        ({"class_outputs": {"4": [2], "9": [5, 7]}}, {4: (2,), 9: (5, 7)}),
        ({"class_outputs": {}, "labels_are_outputs": True}, {}),
        ({"labels_are_outputs": True}, {4: (4,), 9: (9,)}),
        ({"labels_are_outputs": False}, {}),
        ({}, {}),
    ],
)
def test_outputs_that_a_run_has_recorded(dataset: dict[str, object], expected: dict[int, tuple[int, ...]]) -> None:
    assert find_recorded_outputs(dataset, [4, 9]) == expected
