"""A sub-graph made faster without changing what it computes: batch norm folded, channels last in memory."""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter

import torch
from torch import Tensor, fx

from precompute.models.operators import NORMALIZATION, is_first_of_several, operator_name


def optimize(module: fx.GraphModule) -> fx.GraphModule:
    """Prepares a sub-graph for inference; values stay equal but for rounding.

    Args:
        module: of `ExportedModel.sub_graph`; it is changed. Weights that it shares keep their values.
    """
    (output,) = (node for node in module.graph.nodes if node.op == "output")
    returned = set(output.all_input_nodes)
    for node in list(module.graph.nodes):
        if operator_name(node) in NORMALIZATION:
            _fold(module, node, returned)
    module.graph.eliminate_dead_code()
    module.recompile()
    return module.to(memory_format=torch.channels_last)


def _fold(module: fx.GraphModule, norm: fx.Node, returned: Collection[fx.Node]) -> None:
    """Folds a batch norm into the convolution before it where nothing else reads that, nor the norm's statistics."""
    convolution = norm.args[0]
    assert isinstance(convolution, fx.Node)
    results = list(norm.users) if operator_name(norm) != "batch_norm" else [norm]
    if (
        operator_name(convolution) != "conv2d"
        or set(convolution.users) != {norm}
        or convolution in returned
        or (results != [norm] and not all(is_first_of_several(result) for result in results))
    ):
        return
    constants = [convolution.args[1], convolution.args[2] if len(convolution.args) > 2 else None, *norm.args[1:5]]
    if not all(one is None or (isinstance(one, fx.Node) and one.op == "get_attr") for one in constants):
        return
    weight, bias, gain, shift, mean, variance = (_constant(module, one) for one in constants)
    epsilon = norm.args[7] if operator_name(norm) == "batch_norm" else norm.args[-1]
    if weight is None or mean is None or variance is None or not isinstance(epsilon, float):
        return
    scale = torch.rsqrt(variance + epsilon) * (1 if gain is None else gain)
    moved = scale * ((0 if bias is None else bias) - mean) + (0 if shift is None else shift)
    names = f"folded_weight_of_{convolution.name}", f"folded_bias_of_{convolution.name}"
    for name, value in zip(names, (weight * scale[:, None, None, None], moved), strict=True):
        module.register_buffer(name, value.float())
    with module.graph.inserting_before(convolution):
        folded = [module.graph.get_attr(name) for name in names]
    convolution.args = (convolution.args[0], *folded, *convolution.args[3:])
    for result in results:
        result.replace_all_uses_with(convolution)


def _constant(module: fx.GraphModule, node: object) -> Tensor | None:
    """In double precision."""
    if not isinstance(node, fx.Node):
        return None
    value: Tensor = attrgetter(str(node.target))(module)
    return value.detach().double()
