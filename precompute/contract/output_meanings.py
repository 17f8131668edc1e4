"""The meanings of a model's outputs that the manifest can state: in words, and the outputs that mean each class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["OUTPUT_ACTIVATIONS", "describe_outputs", "find_recorded_outputs"]

_BEFORE = "logits are the values before it, and probabilities are those that it gives."
_EACH = "Each output has a probability of its own"
OUTPUT_ACTIVATIONS: Mapping[str, str] = {
    "softmax": f"The forward ends in a softmax: {_BEFORE}",
    "log_softmax": f"The forward ends in a log-softmax: {_BEFORE}",
    "sigmoid": f"The forward ends in a sigmoid: {_BEFORE} {_EACH}; they do not sum to 1.",
    "log_sigmoid": f"The forward ends in a log-sigmoid: {_BEFORE} {_EACH}; they do not sum to 1.",
    "probabilities": "The forward returns probabilities that sum to 1: they are taken as they are, and their "
    "logarithms as logits.",
    "single_probabilities": "The forward returns values between 0 and 1 that do not sum to 1: each is taken as it is, "
    "as the probability of its output.",
}
"""The values of `model.output_activation` in the manifest. A null there means that the forward returns logits."""

_ONE = "The model has one output, and so two classes: output 1 is what it tells, output 0 the contrary."
_ONE_ENDING = {
    None: "The forward returns one logit, whose sigmoid is the probability of output 1.",
    "sigmoid": "The forward ends in a sigmoid, which gives the probability of output 1; its logit is the value before.",
    "log_sigmoid": "The forward ends in a log-sigmoid, the logarithm of the probability of output 1; its logit is the "
    "value before.",
    "single_probabilities": "The forward returns a value between 0 and 1, which is the probability of output 1.",
}


def describe_outputs(model: Mapping[str, Any]) -> str:
    """Describes how logits and probabilities follow from the values that the forward returns.

    Args:
        model: the section `model` of the manifest. Runs of earlier versions have none of its keys.

    Returns:
        Sentences; empty if the forward returns plain logits.
    """
    activation = model.get("output_activation")
    if model.get("has_one_logit"):
        return f"{_ONE} {_ONE_ENDING.get(activation, '')}".strip()
    return OUTPUT_ACTIVATIONS.get(activation, "") if activation else ""


def find_recorded_outputs(dataset: Mapping[str, Any], class_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Finds the outputs that mean each class of a run, by class_id; classes without an output are absent.

    Args:
        dataset: the entry `dataset` of the run's manifest.
        class_ids: of the run's classes.
    """
    stated = dataset.get("class_outputs")
    if stated is not None:
        return {c: tuple(stated[str(c)]) for c in class_ids if str(c) in stated}
    return {c: (c,) for c in class_ids} if dataset.get("labels_are_outputs") else {}
