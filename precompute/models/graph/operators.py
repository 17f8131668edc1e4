"""The vocabulary of an exported graph: the names of its operators, their effect on channels, shapes and modules."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import Tensor, fx

HALF = (torch.float16, torch.bfloat16)
NORMALIZATION = {"_native_batch_norm_legit_no_training", "batch_norm"}
RELU_LIKE = {
    "relu", "hardtanh", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "gelu", "mish", "hardswish",
    "hardsigmoid", "sigmoid", "tanh", "softplus", "clamp", "clamp_min", "clamp_max", "prelu", "_prelu_kernel",
    "rrelu_with_noise", "threshold", "hardshrink", "softshrink", "softsign", "log_sigmoid",
}  # fmt: skip
SQUASHING = {"sigmoid", "hardsigmoid", "softmax", "_softmax", "tanh", "hardtanh", "relu6", "clamp"}
"""Operators with bounded values; a factor that comes out of one is a gate."""

ELEMENTWISE = {
    *RELU_LIKE, "dropout", "feature_dropout", "native_dropout", "alpha_dropout", "clone", "contiguous", "alias",
    "detach", "to", "_to_copy", "lift_fresh_copy", "neg", "abs", "exp", "log", "log1p", "sqrt", "rsqrt", "pow",
    "square", "reciprocal", "sign", "erf", "floor", "round", "bernoulli", "expm1",
}  # fmt: skip
"""Operators on every number by itself: shape, channels and positions stay."""

CONVOLUTION = {
    "conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "deform_conv2d",
}  # fmt: skip
"""Operators that mix channels and return `(batch, channel, *positions)`."""

POOLING = {
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "_adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
    "fractional_max_pool2d", "max_unpool2d", "upsample_nearest1d", "upsample_linear1d", "upsample_nearest2d",
    "upsample_bilinear2d", "upsample_bicubic2d", "_upsample_nearest_exact2d", "_upsample_bilinear2d_aa",
    "_upsample_bicubic2d_aa", "grid_sampler", "grid_sampler_2d",
}  # fmt: skip
"""Operators channel by channel over one to three axes of positions, on `(batch, channel, *positions)`."""

REDUCTION = {"mean", "amax", "amin", "sum", "max", "min", "logsumexp", "var", "std"}

GREATER_OR_LESSER = {"maximum", "minimum", "max", "min", "fmax", "fmin"}
"""Operators on two values; `max` and `min` of one value are reductions, see `is_reduction`."""

MOVEMENT = {
    "view", "reshape", "_unsafe_view", "permute", "transpose", "t", "flatten", "unflatten", "unsqueeze", "squeeze",
    "slice", "select", "narrow", "split", "split_with_sizes", "chunk", "tensor_split", "unbind", "cat", "concat",
    "stack", "pad", "constant_pad_nd", "reflection_pad2d", "replication_pad2d", "expand", "expand_as", "roll", "flip",
    "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "movedim", "index_select", "index", "repeat", "swapaxes",
    "clone", "contiguous",
}  # fmt: skip
"""Operators that move, repeat or drop numbers, and change none."""

_IN_PARTS = {"split", "split_with_sizes", "chunk", "tensor_split", "unbind"}


def get_operator_name(node: fx.Node) -> str:
    """Returns the plain name of the operator of a node, such as ``"conv2d"``; "" for inputs, weights and outputs."""
    if node.op != "call_function":
        return ""
    if isinstance(node.target, torch._ops.OpOverload):
        return str(node.target.overloadpacket.__name__)
    return "getitem" if node.target is operator.getitem else str(getattr(node.target, "__name__", node.target))


def get_shape(node: fx.Node) -> tuple[int, ...] | None:
    """Returns the shape of a node's value with the batch as -1; None where it is no tensor."""
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return None
    return tuple(size if isinstance(size, int) else -1 for size in value.shape)


def compute_shape_for_one_image(node: fx.Node) -> tuple[int, ...]:
    """Computes the shape of a node's tensor for a batch of one image."""
    return tuple(compute_size_for_one_image(size) for size in node.meta["val"].shape)


def get_argument(node: fx.Node, name: str) -> Any:
    """Returns an argument by its name in the operator's schema; None where the operator has no such argument."""
    schema = getattr(node.target, "_schema", None)
    for index, formal in enumerate(schema.arguments if schema is not None else ()):
        if formal.name == name:
            default = formal.default_value if formal.has_default_value() else None
            return node.args[index] if index < len(node.args) else node.kwargs.get(name, default)
    return None


def is_reduction(node: fx.Node) -> bool:
    """Checks that a node takes axes together, which `max` and `min` of two values do not."""
    return get_operator_name(node) in REDUCTION and get_argument(node, "other") is None


def find_reduced_axes(node: fx.Node) -> list[int]:
    """Returns the axes that a reduction takes together, counted from the front."""
    n_axes = len(get_shape(node.args[0]) or ())
    axes = get_argument(node, "dim")
    if axes is None or axes == []:
        axes = list(range(n_axes))
    return [axis % n_axes for axis in (axes if isinstance(axes, list | tuple) else [axes])]


def is_movement(node: fx.Node) -> bool:
    """Checks that a node only moves values; a part of a split does, the split itself does not."""
    name = get_operator_name(node)
    if name == "getitem":
        return get_operator_name(node.args[0]) in _IN_PARTS
    return name in MOVEMENT and name not in _IN_PARTS


def is_split(node: fx.Node) -> bool:
    """Checks that a node's value is a list of parts, each of them taken by a `getitem`."""
    return get_operator_name(node) in _IN_PARTS


def is_first_of_several(node: fx.Node) -> bool:
    """Checks that a node takes the main result of an operator that returns several, such as batch norm."""
    return get_operator_name(node) == "getitem" and not is_movement(node) and node.args[1] == 0


def compute_size_for_one_image(value: Any) -> int:
    """Computes a size, or an expression of the batch size, for a batch of one image."""
    return compute_size_for_images(value, 1)


def compute_size_for_images(value: Any, n_images: int) -> int:
    """Computes a size, or an expression of the batch size, for a batch of `n_images`."""
    if isinstance(value, fx.Node):
        value = value.meta["val"]
    if isinstance(value, torch.SymInt):
        expression = value.node.expr
        return int(expression.xreplace(dict.fromkeys(expression.free_symbols, n_images)))
    return int(value)


def is_free(size: Any) -> bool:
    """Checks that a size is an expression of a free batch size, and not a number."""
    return isinstance(size, torch.SymInt) and bool(size.node.expr.free_symbols)


def is_same_size(one: Any, other: Any) -> bool:
    """Checks that two sizes are equal for every batch; `==` would fix the batch size to that of the example."""
    if isinstance(one, torch.SymInt) and isinstance(other, torch.SymInt):
        return bool(one.node.expr == other.node.expr)
    return type(one) is type(other) and bool(one == other)


def reads_size_alone(node: fx.Node) -> bool:
    """Checks that a node reads the sizes of its inputs, and none of their values."""
    name = get_operator_name(node)
    return name.startswith(("sym_", "new_")) or name.endswith("_like")


def list_paths_around(node: fx.Node) -> list[str]:
    """Lists the paths of the modules around a node, outermost first, without the model itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return [path for path, _ in stack.values() if path]


def list_calls_around(node: fx.Node) -> list[str]:
    """Lists the calls of the modules around a node; the first call of a module is `PATH`, the second one `PATH@2`."""
    stack = node.meta.get("nn_module_stack") or {}
    return [_name_call(key, path) for key, (path, _) in stack.items() if path]


def _name_call(key: str, path: str) -> str:
    """Names a call by the key of a stack of modules, where calls are numbered `KEY`, `KEY@1`, `KEY@2`."""
    number = key.rpartition("@")[2]
    return f"{path}@{int(number) + 1}" if number.isdecimal() and "@" in key else path


def get_path_of_call(call: str) -> str:
    """Returns the path of the module that is called."""
    return call.partition("@")[0]


def get_module_path(node: fx.Node) -> str:
    """Returns the path of the innermost module that a node belongs to; "" in the model's own forward."""
    paths = list_paths_around(node)
    return paths[-1] if paths else ""
