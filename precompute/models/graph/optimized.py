"""Optimisation of a sub-graph for inference: batch norms folded, weights channels last in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from operator import attrgetter

import torch
from torch import Tensor, fx

from precompute.models.graph.operators import NORMALIZATION, get_operator_name, is_first_of_several


def optimize(module: fx.GraphModule, dtype: torch.dtype = torch.float32) -> fx.GraphModule:
    """Makes a sub-graph faster; its values stay equal except for rounding.

    Args:
        module: the sub-graph, of `ExportedModel.sub_graph`; it is changed. Weights that it shares with others stay as
            they are, even their order in memory, which has an effect on rounding.
        dtype: the type of the convolutions' weights, where autocast would convert them at every call.
    """
    (output,) = (node for node in module.graph.nodes if node.op == "output")
    returned = set(output.all_input_nodes)
    for node in list(module.graph.nodes):
        if get_operator_name(node) in NORMALIZATION:
            _fold(module, node, returned)
    for node in list(module.graph.nodes):
        if get_operator_name(node) == "conv2d" and node.args[1].op == "get_attr":
            weight = attrgetter(str(node.args[1].target))(module).detach()
            _replace(module, node, {1: weight.contiguous(memory_format=torch.channels_last).to(dtype)})
    module.graph.eliminate_dead_code()
    module.delete_all_unused_submodules()
    module.recompile()
    return module


def _replace(module: fx.GraphModule, convolution: fx.Node, constants: Mapping[int, Tensor]) -> None:
    """Gives a convolution its own weights, by their index among its arguments."""
    arguments = [*convolution.args, *[None] * (3 - len(convolution.args))]
    for index, value in constants.items():
        name = f"own_{index}_of_{convolution.name}"
        module.register_buffer(name, value)
        with module.graph.inserting_before(convolution):
            arguments[index] = module.graph.get_attr(name)
    convolution.args = tuple(arguments)


def _fold(module: fx.GraphModule, norm: fx.Node, returned: Collection[fx.Node]) -> None:
    """Folds a batch norm into the convolution before it, unless something else reads that or the norm's statistics."""
    convolution = norm.args[0]
    assert isinstance(convolution, fx.Node)
    results = list(norm.users) if get_operator_name(norm) != "batch_norm" else [norm]
    if (
        get_operator_name(convolution) != "conv2d"
        or set(convolution.users) != {norm}
        or convolution in returned
        or (results != [norm] and not all(is_first_of_several(result) for result in results))
    ):
        return
    constants = [convolution.args[1], convolution.args[2] if len(convolution.args) > 2 else None, *norm.args[1:5]]
    if not all(one is None or (isinstance(one, fx.Node) and one.op == "get_attr") for one in constants):
        return
    weight, bias, gain, shift, mean, variance = (_read_constant(module, one) for one in constants)
    epsilon = norm.args[7] if get_operator_name(norm) == "batch_norm" else norm.args[-1]
    if weight is None or mean is None or variance is None or not isinstance(epsilon, float):
        return
    scale = torch.rsqrt(variance + epsilon) * (1 if gain is None else gain)
    moved = scale * ((0 if bias is None else bias) - mean) + (0 if shift is None else shift)
    _replace(module, convolution, {1: (weight * scale[:, None, None, None]).float(), 2: moved.float()})
    for result in results:
        result.replace_all_uses_with(convolution)


def _read_constant(module: fx.GraphModule, node: object) -> Tensor | None:
    """Returns the value of a weight or buffer in float64; None for an argument that is none."""
    if not isinstance(node, fx.Node):
        return None
    value: Tensor = attrgetter(str(node.target))(module)
    return value.detach().double()
