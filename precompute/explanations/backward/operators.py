"""The operators by the kind of rule that they need."""

from __future__ import annotations

from torch import fx

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import (
    ELEMENTWISE,
    MOVEMENT,
    get_argument,
    get_operator_name,
    is_movement,
    is_reduction,
    is_split,
)
from precompute.models.graph.products import read_product

__all__ = [
    "ATTENTION", "LAYER_NORM", "QUOTIENT", "RECTIFIERS", "SUMS", "comes_from_softmax", "is_elementwise", "is_maximum",
    "is_moved", "is_weighted", "takes_sums",
]  # fmt: skip

RECTIFIERS = {
    "relu", "relu6", "hardtanh", "leaky_relu", "elu", "selu", "celu", "silu", "gelu", "mish", "hardswish", "softplus",
    "clamp", "clamp_min", "prelu", "_prelu_kernel", "rrelu_with_noise", "threshold",
}  # fmt: skip
"""Activations that pass what is positive and hold back what is negative, wholly or in part."""

SUMS = {
    "add", "sub", "rsub", "mean", "sum", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d",
    "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "upsample_nearest1d", "upsample_linear1d",
    "upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d", "_upsample_nearest_exact2d",
    "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
}  # fmt: skip
"""Sums with fixed weights."""

ATTENTION = "scaled_dot_product_attention"
LAYER_NORM = {"layer_norm", "native_layer_norm", "group_norm", "native_group_norm", "instance_norm"}
QUOTIENT = "div"
_WEIGHTED = {
    "conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "linear",
}  # fmt: skip
_MAXIMA = {
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "amax", "amin",
}  # fmt: skip
_MOVED = MOVEMENT | {"masked_fill", "where", "index_put", "slice_scatter", "gather", "tril", "triu"}


def is_weighted(model: ExportedModel, node: fx.Node) -> bool:
    """Checks that a node is a convolution or a product with a matrix, with weights that do not depend on the image."""
    if get_operator_name(node) in _WEIGHTED:
        weight = get_argument(node, "weight")
        return isinstance(weight, fx.Node) and not model.depends_on_input(weight)
    return read_product(node, model.depends_on_input) is not None


def is_maximum(node: fx.Node) -> bool:
    """Checks that a node takes the greatest or the least of several values."""
    return get_operator_name(node) in _MAXIMA or (get_operator_name(node) in {"max", "min"} and is_reduction(node))


def is_moved(node: fx.Node) -> bool:
    """Checks that a node only moves, repeats or drops numbers, in one part or in several."""
    return is_movement(node) or is_split(node) or get_operator_name(node) in _MOVED


def is_elementwise(model: ExportedModel, node: fx.Node) -> bool:
    """Checks that a node is a function of one image-dependent number at each place."""
    name = get_operator_name(node)
    return (name in ELEMENTWISE or name == "pow") and len(model.find_inputs(node)) == 1


def takes_sums(node: fx.Node) -> bool:
    """Checks that a node takes sums with fixed weights of what it reads."""
    return get_operator_name(node) in SUMS


def comes_from_softmax(model: ExportedModel, node: fx.Node) -> bool:
    """Checks that a value is the result of a softmax, perhaps moved or dropped out afterwards."""
    while get_operator_name(node) not in {"softmax", "_softmax"}:
        inputs = model.find_inputs(node)
        if len(inputs) != 1 or not (is_movement(node) or get_operator_name(node) in {"dropout", "native_dropout"}):
            return False
        node = inputs[0]
    return True
