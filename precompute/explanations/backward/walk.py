"""The walk over the graph against its direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, fx

from precompute.explanations.backward.step import Signal, Step
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name, is_first_of_several

__all__ = ["Scheme", "walk_back"]


class Scheme(Protocol):
    """The rules of a method."""

    def propagate(self, step: Step, signal: Signal) -> Sequence[Tensor | None]:
        """Computes the signal of each of the step's inputs from that of its output; None for no signal.

        Raises:
            InputError: the method has no rule for the operator.
        """


@torch.no_grad()
def walk_back(
    model: ExportedModel,
    values: Mapping[fx.Node, Any],
    scheme: Scheme,
    start: Mapping[fx.Node, Tensor],
    until: fx.Node | None = None,
) -> Tensor:
    """Carries signals from some values back to the image, or to another value.

    The signals of all readers of a value are added.

    Args:
        model: the exported model.
        values: of all nodes, see `Explainer.record`.
        scheme: the rules.
        start: signals by node, each of the shape of its value.
        until: the node where the walk ends; by default the images.

    Returns:
        The signal at `until`, of the shape of its value; zeros where nothing reaches it.

    Raises:
        InputError: the method has no rule for an operator on the way.
    """
    until = model.input if until is None else until
    signals: dict[fx.Node, Signal] = dict(start)
    for node in reversed(model.graph.nodes):
        signal = signals.pop(node, None)
        if node is until:
            return torch.zeros_like(values[until]) if signal is None else _require_tensor(signal)
        if signal is None or not model.depends_on_input(node):
            continue
        if get_operator_name(node) == "getitem":
            _add_part(signals, node, values, _require_tensor(signal))
            continue
        step = Step(model, node, values)
        for read, passed in zip(step.inputs, scheme.propagate(step, signal), strict=True):
            if passed is not None:
                known = signals.get(read)
                signals[read] = passed if known is None else _require_tensor(known) + passed
    raise AssertionError("the graph begins with the images")


def _add_part(signals: dict[fx.Node, Signal], node: fx.Node, values: Mapping[fx.Node, Any], signal: Tensor) -> None:
    """Adds the signal of one result to its operator: to the part of a split, else to the operator itself."""
    operator, index = node.args[0], node.args[1]
    assert isinstance(operator, fx.Node)
    assert isinstance(index, int)
    known = signals.get(operator)
    if is_first_of_several(node):
        signals[operator] = signal if known is None else _require_tensor(known) + signal
        return
    parts: list[Tensor | None] = [None] * len(values[operator]) if known is None else list(known)
    before = parts[index]
    parts[index] = signal if before is None else before + signal
    signals[operator] = parts


def _require_tensor(signal: Signal) -> Tensor:
    assert isinstance(signal, Tensor)
    return signal
