"""Transposed convolutions, written as convolutions over an input with zeros in between.

A transposed convolution of stride *s* puts *s* - 1 zeros between its inputs and convolves them with the kernel turned
by half a turn, source and target channels exchanged (Dumoulin and Visin 2016, section 4). In this form its channels are
followed, and its influences counted, like those of any other convolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import fx
from torch._subclasses.fake_tensor import FakeTensor

from precompute.models.graph.operators import compute_shape_for_one_image, get_argument, get_operator_name

__all__ = ["write_as_convolutions"]

_ATEN = torch.ops.aten


def write_as_convolutions(module: fx.GraphModule) -> None:
    """Replaces the transposed convolutions of maps in an exported graph; its values stay equal but for rounding."""
    for node in list(module.graph.nodes):
        if get_operator_name(node) == "conv_transpose2d":
            with module.graph.inserting_before(node):
                convolution = _Writer(module.graph, node).write()
            node.replace_all_uses_with(convolution)
            module.graph.erase_node(node)
    module.recompile()


class _Writer:
    """A writer of one transposed convolution; its operators belong to the module of the transposed one."""

    def __init__(self, graph: fx.Graph, node: fx.Node) -> None:
        self._graph, self._node = graph, node

    def write(self) -> fx.Node:
        """Adds the operators to the graph, and returns the convolution that replaces the transposed one."""
        source, weight, bias = (get_argument(self._node, name) for name in ("input", "weight", "bias"))
        groups = int(get_argument(self._node, "groups"))
        stride, padding, around, dilation = (
            _read_pair(get_argument(self._node, name)) for name in ("stride", "padding", "output_padding", "dilation")
        )
        widths: list[int] = []
        for axis in (1, 0):  # a padding lists the last axis first
            reach = dilation[axis] * (weight.meta["val"].shape[2 + axis] - 1)
            before = reach - padding[axis]
            widths += [before, before + around[axis] - (stride[axis] - 1)]
        spread = self._spread_positions(source, stride)
        padded = self._call(_ATEN.constant_pad_nd.default, spread, widths)
        kernel = self._turn_kernel(weight, groups)
        return self._call(_ATEN.conv2d.default, padded, kernel, bias, [1, 1], [0, 0], list(dilation), groups)

    def _spread_positions(self, source: fx.Node, stride: Sequence[int]) -> fx.Node:
        """Puts `stride - 1` zeros after every position, along each axis."""
        for axis, step in ((3, stride[1]), (2, stride[0])):
            if step > 1:
                beside = self._call(_ATEN.unsqueeze.default, source, axis + 1)
                widths = [0, 0] * (3 - axis) + [0, step - 1]
                source = self._call(
                    _ATEN.flatten.using_ints, self._call(_ATEN.constant_pad_nd.default, beside, widths), axis, axis + 1
                )
        return source

    def _turn_kernel(self, weight: fx.Node, groups: int) -> fx.Node:
        """Turns a kernel `(source, target / groups, rows, columns)` to `(target, source / groups, rows, columns)`."""
        n_sources, per_group, *kernel = weight.meta["val"].shape
        apart = self._call(_ATEN.view.default, weight, [groups, n_sources // groups, per_group, *kernel])
        exchanged = self._call(_ATEN.transpose.int, apart, 1, 2)
        shape = [groups * per_group, n_sources // groups, *kernel]
        return self._call(_ATEN.flip.default, self._call(_ATEN.reshape.default, exchanged, shape), [2, 3])

    def _call(self, operator: Any, *arguments: Any) -> fx.Node:
        """Adds an operator to the graph, with the shape of its value."""
        node = self._graph.call_function(operator, arguments)
        node.meta = {name: value for name, value in self._node.meta.items() if name != "val"}
        # By the shapes for one image, since a padding of the graph's own values would fix the batch size.
        found = operator(*fx.node.map_arg(arguments, _make_empty))
        value, (first, *_) = self._node.meta["val"], arguments
        assert isinstance(value, FakeTensor) and isinstance(first, fx.Node)
        with value.fake_mode:
            batch = first.meta["val"].shape[0]
            node.meta["val"] = value.new_empty((found.shape[0] if isinstance(batch, int) else batch, *found.shape[1:]))
        return node


def _make_empty(node: fx.Node) -> torch.Tensor:
    return torch.empty(compute_shape_for_one_image(node), device="meta")


def _read_pair(value: Any) -> tuple[int, int]:
    values = [int(one) for one in value] if isinstance(value, list | tuple) else [int(value)]
    return values[0], values[-1]
