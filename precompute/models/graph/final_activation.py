"""The activation at the end of a forward, such as a softmax: recognised by its values, and taken out of the graph.

The operators after the last weights are evaluated at random values (see `tail`). A final softmax is taken out only if
the softmax of what is left gives the same. Values that are never below 0 and always have the same sum are a
distribution, by whichever operators they were made. Values that are never below 0 nor above 1 are one probability per
output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.models.graph.operators import get_operator_name, is_movement
from precompute.models.graph.probabilities import Probabilities
from precompute.models.graph.tail import OutputGraph, Tail

__all__ = ["OutputFacts", "read_outputs"]

_aten = torch.ops.aten
_FINAL = {
    "softmax": "softmax", "_softmax": "softmax", "log_softmax": "log_softmax", "_log_softmax": "log_softmax",
    "sigmoid": "sigmoid", "log_sigmoid": "log_sigmoid",
}  # fmt: skip
_AFTER_FINAL = {
    "exp", "log", "clone", "contiguous", "alias", "detach", "to", "_to_copy", "clamp", "clamp_min", "clamp_max", "add",
    "dropout",
}  # fmt: skip
"""Operators that may follow the final activation, beside movements; values show if they change more than rounding."""
_TOLERANCE = 1e-4
_LEAST = 1e-38
_LEAST_CONTRARY = 2.0**-24
"""The distance from 1 to the next smaller number in float32."""


@dataclass(frozen=True)
class OutputFacts:
    """The relation of logits and probabilities to the value that a forward returns.

    Attributes:
        activation: one of `OUTPUT_ACTIVATIONS`; None where the forward returns logits.
        has_one_logit: the forward returns one value per image; the graph has a logit of 0 before it, for the contrary.
        masks: the last operators of the forward give some outputs -inf, which is a probability of 0.
    """

    activation: str | None = None
    has_one_logit: bool = False
    masks: bool = False

    @property
    def probabilities(self) -> Probabilities:
        """The function from the graph's logits to probabilities."""
        single = self.activation in ("sigmoid", "log_sigmoid", "single_probabilities")
        return Probabilities(are_exclusive=self.has_one_logit or not single)

    def to_dict(self) -> dict[str, Any]:
        """Returns the entries of the manifest, under `model`."""
        one = {"has_one_logit": True} if self.has_one_logit else {}
        return {"output_activation": self.activation, **one}


def read_outputs(model: OutputGraph) -> OutputFacts:
    """Finds the final activation of a model, and makes logits of two outputs or more the output of its graph.

    Args:
        model: the graph; its output is replaced.

    Raises:
        InputError: a softmax runs over the images of a batch, or the model returns the same value for every image.
    """
    tail = Tail(model)
    activation, masks = None, False
    if not tail.is_plain:
        tail.require_images_apart()
        activation = _find_activation(model, tail)
        masks = bool(torch.isneginf(tail.evaluate(model.output)).any())
    has_one_logit = model.n_outputs == 1
    if has_one_logit:
        model.set_output(_append_contrary(model, model.output))
    return OutputFacts(activation, has_one_logit, masks)


def _find_activation(model: OutputGraph, tail: Tail) -> str | None:
    """Takes the final activation out of the graph and returns its name; None where the forward returns logits.

    Raises:
        InputError: the values of the tail are all the same.
    """
    returned = tail.evaluate(model.output)
    returned = returned[~(returned.isnan() | returned.isposinf()).any(1)]
    finite = returned[returned.isfinite()]
    if not len(finite):
        return None
    if float(finite.max()) == float(finite.min()):
        raise InputError(
            "What a model returns changes with the image.",
            f"Its last operators return {float(finite[0]):g} whatever comes before them; a softmax over a single value "
            "does so.",
            "Return the logits before it.",
        )
    return _take_activation_out(model, tail) or _take_logarithm(model, returned)


def _take_activation_out(model: OutputGraph, tail: Tail) -> str | None:
    """Moves the output of the graph before a final activation and returns its name; None where there is none."""
    chain, node = list[fx.Node](), model.output
    while get_operator_name(node) not in _FINAL:
        read = model.find_inputs(node)
        if len(read) != 1 or not (is_movement(node) or get_operator_name(node) in _AFTER_FINAL):
            return None
        chain.append(node)
        node = read[0]
    kind, is_logarithm = _FINAL[get_operator_name(node)].removeprefix("log_"), "log" in get_operator_name(node)
    before = model.find_inputs(node)[0]
    for after in reversed(chain):
        is_logarithm = {"exp": False, "log": True}.get(get_operator_name(after), is_logarithm)
        if is_movement(after):
            before = _append_copy(model, after, before)
    logits, returned = tail.evaluate(before), tail.evaluate(model.output)
    expected = logits.softmax(1) if kind == "softmax" else logits.sigmoid()
    same = torch.isclose(returned.exp() if is_logarithm else returned, expected, rtol=0, atol=_TOLERANCE)
    if not bool(same.all()):
        return None
    model.set_output(before)
    return f"log_{kind}" if is_logarithm else kind


def _take_logarithm(model: OutputGraph, returned: Tensor) -> str | None:
    """Moves the output of the graph to logarithms where the model's own operators make probabilities.

    Args:
        model: the graph.
        returned: values of its output, `(row, output)`.

    Returns:
        The name of the activation; None where the values are no probabilities.
    """
    if model.n_outputs > 1 and _sums_to_one(returned.exp()):
        return "log_softmax"
    if bool((returned < -_TOLERANCE).any()):
        return None
    if model.n_outputs > 1 and _has_one_sum(returned):  # the softmax of logarithms divides by the sum, if it is not 1
        model.set_output(_append_logarithm(model, model.output, _LEAST))
        return "probabilities"
    if bool((returned > 1 + _TOLERANCE).any()):
        return None
    contrary = _append_logarithm(model, _append(model, _aten.rsub.Scalar, model.output, 1.0), _LEAST_CONTRARY)
    model.set_output(_append(model, _aten.sub.Tensor, _append_logarithm(model, model.output, _LEAST), contrary))
    return "single_probabilities"


def _has_one_sum(values: Tensor) -> bool:
    """Checks that all rows have the same sum, above 0."""
    sums = values.sum(1)
    return bool(sums[0] > _TOLERANCE) and bool(torch.isclose(sums, sums[0], rtol=_TOLERANCE, atol=0).all())


def _sums_to_one(values: Tensor) -> bool:
    sums = values.sum(1)
    return bool(torch.isclose(sums, torch.ones_like(sums), rtol=0, atol=_TOLERANCE).all())


# --- the graph ------------------------------------------------------------------------------------------------------


def _append_logarithm(model: OutputGraph, value: fx.Node, least: float) -> fx.Node:
    return _append(model, _aten.log.default, _append(model, _aten.clamp_min.default, value, least))


def _append(model: OutputGraph, function: Callable[..., Any], value: fx.Node, *arguments: Any) -> fx.Node:
    """Appends an operator on every number of a value to the graph."""
    with model.graph.inserting_before(_get_output_node(model)):
        node = model.graph.call_function(function, (value, *arguments))
    node.meta["val"] = value.meta["val"]
    return node


def _append_contrary(model: OutputGraph, value: fx.Node) -> fx.Node:
    """Puts a logit of 0 before the only one; the softmax of both is one minus its sigmoid, and its sigmoid."""
    node = _append(model, _aten.constant_pad_nd.default, value, [1, 0], 0.0)
    # By its shape, and not by the operator: that would fix the size of the batch, which is a symbol.
    node.meta["val"] = value.meta["val"].new_empty((value.meta["val"].shape[0], 2))
    return node


def _append_copy(model: OutputGraph, node: fx.Node, value: fx.Node) -> fx.Node:
    """Appends a copy of an operator with one input to the graph, reading another value."""
    (read,) = model.find_inputs(node)
    with model.graph.inserting_before(_get_output_node(model)):
        return model.graph.node_copy(node, lambda one: value if one is read else one)


def _get_output_node(model: OutputGraph) -> fx.Node:
    return next(iter(reversed(model.graph.nodes)))
