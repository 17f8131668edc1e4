"""Convolutions and products with a matrix, as linear maps whose weights can be exchanged."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.explanations.backward.step import Step
from precompute.models.graph.operators import get_argument
from precompute.models.graph.products import read_product

__all__ = ["Weighted", "read_weighted"]


@dataclass(frozen=True)
class Weighted:
    """A convolution or a product with a matrix.

    Attributes:
        step: the operator.
        source: the node that it reads.
        matrix: the node of its weights.
        offset: the node of its bias; None without one.
        weight: its weights, perhaps with a batch norm folded in.
        bias: its bias, likewise.
        output: its value, likewise.
    """

    step: Step
    source: fx.Node
    matrix: fx.Node
    offset: fx.Node | None
    weight: Tensor
    bias: Tensor | None
    output: Tensor

    @property
    def input(self) -> Tensor:
        """The value that is read."""
        value: Tensor = self.step.values[self.source]
        return value

    def apply(self, value: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
        """Computes the map of a value with other weights, and with another bias or none."""
        changed = {self.source: value, self.matrix: self.weight if weight is None else weight}
        if self.offset is not None:
            changed[self.offset] = torch.zeros_like(self.step.values[self.offset]) if bias is None else bias
        made: Tensor = self.step.apply(changed)
        if bias is None or self.offset is not None:
            return made
        return made + (bias.view(-1, *[1] * (made.ndim - 2)) if self._is_map else bias)

    def pull(self, signal: Tensor, weight: Tensor | None = None) -> Tensor:
        """Computes the vector-Jacobian product, which does not depend on the value that is read."""
        weight = self.weight if weight is None else weight
        step = self.step
        if step.name == "linear":
            return signal @ weight
        if step.name == "conv2d" and not isinstance(step.get("padding"), str):
            settings = (step.get(name) for name in ("stride", "padding", "dilation", "groups"))
            found: Tensor = torch.nn.grad.conv2d_input(self.input.shape, weight, signal, *settings)
            return found
        with torch.enable_grad():
            value = torch.zeros_like(self.input, requires_grad=True)
            (found,) = torch.autograd.grad(self.apply(value, weight), value, signal)
        return found

    @property
    def _is_map(self) -> bool:
        """True where channels are axis 1, as a convolution has them."""
        return self.step.name.startswith("conv")


def read_weighted(step: Step) -> Weighted:
    """Reads an operator for which `is_weighted` holds."""
    product = read_product(step.node, step.model.depends_on_input)
    if product is not None and step.name != "linear":
        return Weighted(step, product.source, product.matrix, None, step.values[product.matrix], None, step.output)
    source, matrix, offset = (get_argument(step.node, name) for name in ("input", "weight", "bias"))
    bias = None if offset is None else step.values[offset]
    return Weighted(step, source, matrix, offset, step.values[matrix], bias, step.output)
