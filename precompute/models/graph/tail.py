"""The operators of a graph after its last weights, evaluated at random values in place of those that the weights give.

The tail is a function of a few values. Evaluated at random values, small and large, it shows what it does, by whichever
operators it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.models.graph.operators import (
    MOVEMENT,
    NORMALIZATION,
    POOLING,
    compute_size_for_images,
    get_module_path,
    get_operator_name,
)

__all__ = ["OutputGraph", "Tail"]

_WEIGHTED = {
    "linear", "addmm", "mm", "bmm", "matmul", "baddbmm", "einsum", "conv1d", "conv2d", "conv3d", "convolution",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
}  # fmt: skip
_PLAIN = MOVEMENT | NORMALIZATION | POOLING | {
    "add", "sub", "rsub", "neg", "mul", "relu", "mean", "sum", "dropout", "to", "_to_copy", "alias", "detach",
    "lift_fresh_copy", "leaky_relu", "getitem",
}  # fmt: skip
"""Operators that make no probabilities of logits; a tail of these alone need not be evaluated."""
_SCALES = (1.0, 4.0, 16.0)
_ROWS = 4


class OutputGraph(Protocol):
    """A graph of images to one value per output, whose output can be moved; an `ExportedModel` is one.

    Attributes:
        input: the images.
        output: the value that the graph returns.
    """

    input: fx.Node
    output: fx.Node

    @property
    def graph(self) -> fx.Graph:
        """The operators."""

    @property
    def n_outputs(self) -> int:
        """Length of the vector of outputs."""

    def find_inputs(self, node: fx.Node) -> list[fx.Node]:
        """Finds the image-dependent values that a node reads, in order."""

    def set_output(self, node: fx.Node) -> None:
        """Makes another value the output."""

    def build_sub_graph(self, nodes: Sequence[fx.Node], given: Sequence[fx.Node] | None = None) -> fx.GraphModule:
        """Builds a module that computes the values of `nodes` from those of `given`."""


class Tail:
    """The operators after the last weights.

    Args:
        model: the graph that they end.

    Attributes:
        nodes: the operators, the last one first.
    """

    def __init__(self, model: OutputGraph) -> None:
        self._model = model
        self.nodes: list[fx.Node] = []
        frontier: dict[fx.Node, None] = {}
        waiting, seen = [model.output], set[fx.Node]()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            if get_operator_name(node) in _WEIGHTED or node is model.input:
                frontier[node] = None
            else:
                self.nodes.append(node)
                waiting += model.find_inputs(node)
        self._frontier = list(frontier)

    @property
    def is_plain(self) -> bool:
        """True where none of the operators can make probabilities of logits."""
        return all(get_operator_name(node) in _PLAIN or self._is_scaling(node) for node in self.nodes)

    def _is_scaling(self, node: fx.Node) -> bool:
        """Checks that a node divides by a value that is the same for every image, such as a temperature."""
        return get_operator_name(node) == "div" and self._model.find_inputs(node) == [node.args[0]]

    def require_images_apart(self) -> None:
        """Refuses a softmax over the batch.

        Raises:
            InputError: there is one.
        """
        for node in self.nodes:
            if "softmax" not in get_operator_name(node):
                continue
            shape = node.args[0].meta["val"].shape
            if not isinstance(shape[node.args[1]], int):
                raise InputError(
                    "What a model says of an image does not depend on the others of its batch.",
                    f"{get_module_path(node) or 'The forward'} takes a {get_operator_name(node).lstrip('_')} over axis "
                    f"{node.args[1]} of ({', '.join(str(n) if isinstance(n, int) else 'batch' for n in shape)}).",
                    "Take it over the classes, dim=1, or return the logits before it.",
                )

    @torch.no_grad()
    def evaluate(self, node: fx.Node) -> Tensor:
        """Computes a value, `(row, output)` in float64, at random values of the last weights.

        The random values are the same at every call.
        """
        generator = torch.Generator().manual_seed(0)
        others = [] if self._model.input in self._frontier else [self._model.input]
        graph = self._model.build_sub_graph([node], given=[*self._frontier, *others])
        found = []
        for scale in _SCALES:
            given = [scale * torch.randn(_compute_shape(one), generator=generator) for one in self._frontier]
            found += graph(*given, *(torch.zeros(_compute_shape(one)) for one in others))
        return torch.cat(found).double()


def _compute_shape(node: fx.Node) -> Sequence[int]:
    """Computes the shape of a node's tensor for a batch of as many images as rows are evaluated."""
    return [compute_size_for_images(size, _ROWS) for size in node.meta["val"].shape]
