"""What a forward does to its logits at the end, such as a softmax, and the graph with logits as its output.

What comes after the last weights is the *tail* of a graph. It is a function of a few values, so whatever these are, it
shows what it does: it is evaluated at random values, small and large, in place of those that the weights give. A final
softmax is taken out only if the softmax of what is left gives the same. What is never below 0 and always has the same
sum is a distribution, by whichever operators it was made; what is never below 0 nor above 1 is one probability per
output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.models.graph.operators import (
    MOVEMENT,
    NORMALIZATION,
    POOLING,
    is_movement,
    module_path,
    operator_name,
    size_for_images,
)
from precompute.models.graph.probabilities import Probabilities

if TYPE_CHECKING:
    from precompute.models.graph.exported import ExportedModel

__all__ = ["OutputFacts", "read_outputs"]

_aten = torch.ops.aten
_WEIGHTED = {
    "linear", "addmm", "mm", "bmm", "matmul", "baddbmm", "einsum", "conv1d", "conv2d", "conv3d", "convolution",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
}  # fmt: skip
_FINAL = {
    "softmax": "softmax", "_softmax": "softmax", "log_softmax": "log_softmax", "_log_softmax": "log_softmax",
    "sigmoid": "sigmoid", "log_sigmoid": "log_sigmoid",
}  # fmt: skip
_AFTER_FINAL = {
    "exp", "log", "clone", "contiguous", "alias", "detach", "to", "_to_copy", "clamp", "clamp_min", "clamp_max", "add",
    "dropout",
}  # fmt: skip
"""What may follow the final activation, beside movements; whether it changes more than roundings is tried."""
_PLAIN = MOVEMENT | NORMALIZATION | POOLING | {
    "add", "sub", "rsub", "neg", "mul", "relu", "mean", "sum", "dropout", "to", "_to_copy", "alias", "detach",
    "lift_fresh_copy", "leaky_relu", "getitem",
}  # fmt: skip
"""What makes no probabilities of logits; a tail of these alone need not be tried."""
_SCALES = (1.0, 4.0, 16.0)
_ROWS = 4
_TOLERANCE = 1e-4
_LEAST = 1e-38
_LEAST_CONTRARY = 2.0**-24
"""Half the distance of floats below 1."""


@dataclass(frozen=True)
class OutputFacts:
    """How logits and probabilities come of what a forward returns.

    Attributes:
        activation: one of `OUTPUT_ACTIVATIONS`; None where the forward returns logits.
        has_one_logit: it returns one value for each image; the graph has a second logit, 0, of the contrary.
        masks: its last operators give some outputs -inf, which is a probability of 0.
    """

    activation: str | None = None
    has_one_logit: bool = False
    masks: bool = False

    @property
    def probabilities(self) -> Probabilities:
        """The way from the graph's logits to probabilities."""
        single = self.activation in ("sigmoid", "log_sigmoid", "single_probabilities")
        return Probabilities(are_exclusive=self.has_one_logit or not single)

    def to_dict(self) -> dict[str, Any]:
        """Gives the facts as the manifest has them, under `model`."""
        one = {"has_one_logit": True} if self.has_one_logit else {}
        return {"output_activation": self.activation, **one}


def read_outputs(model: ExportedModel) -> OutputFacts:
    """Finds what a model does to its logits, and makes logits of two outputs or more the output of its graph.

    Raises:
        InputError: a softmax runs over the images of a batch, or what is returned is the same whatever comes before.
    """
    tail = _Tail(model)
    activation, masks = None, False
    if not tail.is_plain:
        tail.require_images_apart()
        activation = _find_activation(model, tail)
        masks = bool(torch.isneginf(tail.evaluate(model.output)).any())
    has_one_logit = model.n_outputs == 1
    if has_one_logit:
        model.set_output(_with_contrary(model, model.output))
    return OutputFacts(activation, has_one_logit, masks)


class _Tail:
    """The operators after the last weights, evaluated at random values of these."""

    def __init__(self, model: ExportedModel) -> None:
        self._model = model
        self.nodes: list[fx.Node] = []
        frontier: dict[fx.Node, None] = {}
        waiting, seen = [model.output], set[fx.Node]()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            if operator_name(node) in _WEIGHTED or node is model.input:
                frontier[node] = None
            else:
                self.nodes.append(node)
                waiting += model.inputs_of(node)
        self._frontier = list(frontier)

    @property
    def is_plain(self) -> bool:
        """True where nothing in it can make probabilities of logits."""
        return all(self._is_plain(node) for node in self.nodes)

    def _is_plain(self, node: fx.Node) -> bool:
        return operator_name(node) in _PLAIN or _is_scaling(self._model, node)

    def require_images_apart(self) -> None:
        """Refuses a softmax over the batch.

        Raises:
            InputError: there is one.
        """
        for node in self.nodes:
            if "softmax" not in operator_name(node):
                continue
            shape = node.args[0].meta["val"].shape
            if not isinstance(shape[node.args[1]], int):
                raise InputError(
                    "What a model says of an image does not depend on the others of its batch.",
                    f"{module_path(node) or 'The forward'} takes a {operator_name(node).lstrip('_')} over axis "
                    f"{node.args[1]} of ({', '.join(str(n) if isinstance(n, int) else 'batch' for n in shape)}).",
                    "Take it over the classes, dim=1, or return the logits before it.",
                )

    @torch.no_grad()
    def evaluate(self, node: fx.Node) -> Tensor:
        """Computes a value at random values of the last weights, `(row, output)`; the same ones at every call."""
        generator = torch.Generator().manual_seed(0)
        others = [] if self._model.input in self._frontier else [self._model.input]
        graph = self._model.sub_graph([node], given=[*self._frontier, *others])
        found = []
        for scale in _SCALES:
            given = [scale * torch.randn(_shape(one), generator=generator) for one in self._frontier]
            found += graph(*given, *(torch.zeros(_shape(one)) for one in others))
        return torch.cat(found).double()


def _find_activation(model: ExportedModel, tail: _Tail) -> str | None:
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


def _take_activation_out(model: ExportedModel, tail: _Tail) -> str | None:
    """Lets the graph end before a final activation, if there is one; gives its name."""
    chain, node = list[fx.Node](), model.output
    while operator_name(node) not in _FINAL:
        read = model.inputs_of(node)
        if len(read) != 1 or not (is_movement(node) or operator_name(node) in _AFTER_FINAL):
            return None
        chain.append(node)
        node = read[0]
    kind, is_logarithm = _FINAL[operator_name(node)].removeprefix("log_"), "log" in operator_name(node)
    before = model.inputs_of(node)[0]
    for after in reversed(chain):
        is_logarithm = {"exp": False, "log": True}.get(operator_name(after), is_logarithm)
        if is_movement(after):
            before = _copied(model, after, before)
    logits, returned = tail.evaluate(before), tail.evaluate(model.output)
    expected = logits.softmax(1) if kind == "softmax" else logits.sigmoid()
    same = torch.isclose(returned.exp() if is_logarithm else returned, expected, rtol=0, atol=_TOLERANCE)
    if not bool(same.all()):
        return None
    model.set_output(before)
    return f"log_{kind}" if is_logarithm else kind


def _take_logarithm(model: ExportedModel, returned: Tensor) -> str | None:
    """Lets the graph end in the logarithms of what the model's own operators make probabilities; gives their name."""
    if model.n_outputs > 1 and _sums_to_one(returned.exp()):
        return "log_softmax"
    if bool((returned < -_TOLERANCE).any()):
        return None
    if model.n_outputs > 1 and _has_one_sum(returned):  # the softmax of logarithms divides by the sum, if it is not 1
        model.set_output(_logarithm(model, model.output, _LEAST))
        return "probabilities"
    if bool((returned > 1 + _TOLERANCE).any()):
        return None
    contrary = _logarithm(model, _appended(model, _aten.rsub.Scalar, model.output, 1.0), _LEAST_CONTRARY)
    model.set_output(_appended(model, _aten.sub.Tensor, _logarithm(model, model.output, _LEAST), contrary))
    return "single_probabilities"


def _has_one_sum(values: Tensor) -> bool:
    """Tells whether all rows have the same sum above 0."""
    sums = values.sum(1)
    return bool(sums[0] > _TOLERANCE) and bool(torch.isclose(sums, sums[0], rtol=_TOLERANCE, atol=0).all())


def _sums_to_one(values: Tensor) -> bool:
    sums = values.sum(1)
    return bool(torch.isclose(sums, torch.ones_like(sums), rtol=0, atol=_TOLERANCE).all())


def _is_scaling(model: ExportedModel, node: fx.Node) -> bool:
    """Tells whether a node divides by what is the same for every image, as by a temperature."""
    return operator_name(node) == "div" and model.inputs_of(node) == [node.args[0]]


# --- the graph ------------------------------------------------------------------------------------------------------


def _logarithm(model: ExportedModel, value: fx.Node, least: float) -> fx.Node:
    return _appended(model, _aten.log.default, _appended(model, _aten.clamp_min.default, value, least))


def _appended(model: ExportedModel, function: Callable[..., Any], value: fx.Node, *arguments: Any) -> fx.Node:
    """Puts an operator on every number of a value at the end of the graph."""
    with model.graph.inserting_before(_output_of(model)):
        node = model.graph.call_function(function, (value, *arguments))
    node.meta["val"] = value.meta["val"]
    return node


def _with_contrary(model: ExportedModel, value: fx.Node) -> fx.Node:
    """Puts a logit of 0 before the only one; the softmax of both is its sigmoid, and what is left to 1."""
    node = _appended(model, _aten.constant_pad_nd.default, value, [1, 0], 0.0)
    # By its shape, and not by the operator: that would fix the size of the batch, which is a symbol.
    node.meta["val"] = value.meta["val"].new_empty((value.meta["val"].shape[0], 2))
    return node


def _copied(model: ExportedModel, node: fx.Node, value: fx.Node) -> fx.Node:
    """Puts a copy of an operator that reads one value at the end of the graph, reading another one."""
    (read,) = model.inputs_of(node)
    with model.graph.inserting_before(_output_of(model)):
        return model.graph.node_copy(node, lambda one: value if one is read else one)


def _output_of(model: ExportedModel) -> fx.Node:
    return next(iter(reversed(model.graph.nodes)))


def _shape(node: fx.Node) -> Sequence[int]:
    return [size_for_images(size, _ROWS) for size in node.meta["val"].shape]
