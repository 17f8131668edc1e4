"""One operator of the walk: its values, and its vector-Jacobian product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_argument, get_operator_name, is_split
from precompute.models.graph.source_location import name_module

__all__ = ["Signal", "Step"]

Signal: TypeAlias = Tensor | list[Tensor | None]
"""Relevance, multipliers or a gradient: a tensor of the shape of a value, or one for each part of a split."""


class Step:
    """An operator with the values that it read and made.

    Args:
        model: the exported model.
        node: the operator.
        values: of all nodes, see `Explainer.record`.

    Attributes:
        name: of the operator.
        inputs: the image-dependent values that it reads, each once, in order.
    """

    def __init__(self, model: ExportedModel, node: fx.Node, values: Mapping[fx.Node, Any]) -> None:
        self.model, self.node, self.values = model, node, values
        self.name = get_operator_name(node)
        self.inputs = list(dict.fromkeys(model.find_inputs(node)))

    @property
    def input_values(self) -> list[Any]:
        """The values of `inputs`."""
        return [self.values[node] for node in self.inputs]

    @property
    def output(self) -> Any:
        """The value: that of all parts of a split, else the first of several results."""
        return self._take_main(self.values[self.node])

    def get(self, name: str) -> Any:
        """Returns the value of an argument by its name in the operator's schema; None where it has none."""
        argument = get_argument(self.node, name)
        return self.values[argument] if isinstance(argument, fx.Node) else argument

    def apply(self, changed: Mapping[fx.Node, Any]) -> Any:
        """Computes the operator with other values for some of the nodes that it reads."""
        node = self.node

        def find(read: fx.Node) -> Any:
            return changed[read] if read in changed else self.values[read]

        target = node.target
        if target is torch.ops.aten.view.default:  # values may be channels last in memory
            target = torch.ops.aten.reshape.default
        assert callable(target)
        return self._take_main(target(*fx.map_arg(node.args, find), **fx.map_arg(node.kwargs, find)))

    def pull(self, signal: Signal, values: Sequence[Tensor | None] | None = None) -> list[Tensor | None]:
        """Computes the vector-Jacobian product of the operator.

        Args:
            signal: of the shape of `output`.
            values: the point, one for each of `inputs`; None holds an input constant. By default the recorded values.

        Returns:
            One for each of `inputs`, of its shape; None for an input that is held constant or holds no real numbers.
        """
        given = self.input_values if values is None else values
        with torch.enable_grad():
            free = {
                node: value.detach().requires_grad_()
                for node, value in zip(self.inputs, given, strict=True)
                if isinstance(value, Tensor) and value.is_floating_point()
            }
            made = self.apply(free)
            pairs = [(made, signal)] if isinstance(made, Tensor) else list(zip(made, signal, strict=True))
            pairs = [(part, wanted) for part, wanted in pairs if wanted is not None and part.requires_grad]
            if not pairs:
                return [None] * len(self.inputs)
            found = torch.autograd.grad(
                [part for part, _ in pairs], list(free.values()), [wanted for _, wanted in pairs], allow_unused=True
            )
        by_node = dict(zip(free, found, strict=True))
        return [by_node.get(node) for node in self.inputs]

    def build_refusal(self, method: str, why: str = "it has no rule") -> InputError:
        """Builds the error that refuses the operator, and names it and its module."""
        return InputError(
            f"{method} has a rule for every operator between the class and the image.",
            f"It does not apply to the operator {self.name} in {name_module(self.node)}: {why}.",
            "Choose a method that needs gradients alone, such as integrated_gradients.",
        )

    def _take_main(self, value: Any) -> Any:
        return value[0] if isinstance(value, tuple | list) and not is_split(self.node) else value
