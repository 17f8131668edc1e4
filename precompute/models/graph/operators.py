"""The vocabulary of an exported graph: what its operators are called, and what they do to channels."""

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
"""What makes a factor a gate: its values are bounded."""

ELEMENTWISE = {
    *RELU_LIKE, "dropout", "feature_dropout", "native_dropout", "alpha_dropout", "clone", "contiguous", "alias",
    "detach", "to", "_to_copy", "lift_fresh_copy", "neg", "abs", "exp", "log", "log1p", "sqrt", "rsqrt", "pow",
    "square", "reciprocal", "sign", "erf", "floor", "round", "bernoulli", "expm1",
}  # fmt: skip
"""Every value by itself: shape, channels and positions stay."""

CONVOLUTION = {
    "conv1d", "conv2d", "conv3d", "convolution", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "deform_conv2d",
}  # fmt: skip
"""Channels are mixed; what comes out is `(batch, channel, positions along each axis)`."""

POOLING = {
    "max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool1d",
    "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "_adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
    "fractional_max_pool2d", "max_unpool2d", "upsample_nearest1d", "upsample_linear1d", "upsample_nearest2d",
    "upsample_bilinear2d", "upsample_bicubic2d", "_upsample_nearest_exact2d", "_upsample_bilinear2d_aa",
    "_upsample_bicubic2d_aa", "grid_sampler", "grid_sampler_2d",
}  # fmt: skip
"""Channel by channel over positions of `(batch, channel, height, width)`, or one axis of them, or three."""

REDUCTION = {"mean", "amax", "amin", "sum", "max", "min", "logsumexp", "var", "std"}

GREATER_OR_LESSER = {"maximum", "minimum", "max", "min", "fmax", "fmin"}
"""Of two values; `max` and `min` are reductions too, see `is_reduction`."""

MOVEMENT = {
    "view", "reshape", "_unsafe_view", "permute", "transpose", "t", "flatten", "unflatten", "unsqueeze", "squeeze",
    "slice", "select", "narrow", "split", "split_with_sizes", "chunk", "tensor_split", "unbind", "cat", "concat",
    "stack", "pad", "constant_pad_nd", "reflection_pad2d", "replication_pad2d", "expand", "expand_as", "roll", "flip",
    "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "movedim", "index_select", "index", "repeat", "swapaxes",
    "clone", "contiguous",
}  # fmt: skip
"""Values are moved, repeated or left out, and none is changed."""

_IN_PARTS = {"split", "split_with_sizes", "chunk", "tensor_split", "unbind"}


def operator_name(node: fx.Node) -> str:
    """The plain name of what a node calls, such as ``"conv2d"``; empty for inputs, weights and outputs."""
    if node.op != "call_function":
        return ""
    if isinstance(node.target, torch._ops.OpOverload):
        return str(node.target.overloadpacket.__name__)
    return "getitem" if node.target is operator.getitem else str(getattr(node.target, "__name__", node.target))


def shape_of(node: fx.Node) -> tuple[int, ...] | None:
    """Shape of a node's value with the batch as -1; None where it is no tensor."""
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return None
    return tuple(size if isinstance(size, int) else -1 for size in value.shape)


def shape_for_one_image(node: fx.Node) -> tuple[int, ...]:
    """Shape of a node's tensor for a batch of one."""
    return tuple(size_for_one_image(size) for size in node.meta["val"].shape)


def argument(node: fx.Node, name: str) -> Any:
    """An argument by the name that the operator's schema has for it; None where the operator has none of that name."""
    schema = getattr(node.target, "_schema", None)
    for place, formal in enumerate(schema.arguments if schema is not None else ()):
        if formal.name == name:
            default = formal.default_value if formal.has_default_value() else None
            return node.args[place] if place < len(node.args) else node.kwargs.get(name, default)
    return None


def is_reduction(node: fx.Node) -> bool:
    """Whether a node takes axes together; the greater or lesser of two values does not, under whatever name."""
    return operator_name(node) in REDUCTION and argument(node, "other") is None


def reduced_axes(node: fx.Node) -> list[int]:
    """The axes that a reduction takes together, counted from the front."""
    n_axes = len(shape_of(node.args[0]) or ())
    axes = argument(node, "dim")
    if axes is None or axes == []:
        axes = list(range(n_axes))
    return [axis % n_axes for axis in (axes if isinstance(axes, list | tuple) else [axes])]


def is_movement(node: fx.Node) -> bool:
    """Whether a node only moves values; one of the parts of a split counts, the split itself does not."""
    name = operator_name(node)
    if name == "getitem":
        return operator_name(node.args[0]) in _IN_PARTS
    return name in MOVEMENT and name not in _IN_PARTS


def is_split(node: fx.Node) -> bool:
    """Whether a node's value is a list of parts, each of them taken by a `getitem`."""
    return operator_name(node) in _IN_PARTS


def is_first_of_several(node: fx.Node) -> bool:
    """Whether a node takes the main result of an operator that returns several, as batch norm does."""
    return operator_name(node) == "getitem" and not is_movement(node) and node.args[1] == 0


def size_for_one_image(value: Any) -> int:
    """A size, or an expression of the batch size, as it is for a batch of one."""
    return size_for_images(value, 1)


def size_for_images(value: Any, n_images: int) -> int:
    """Computes a size, or an expression of the batch size, as it is for a batch of so many."""
    if isinstance(value, fx.Node):
        value = value.meta["val"]
    if isinstance(value, torch.SymInt):
        expression = value.node.expr
        return int(expression.xreplace(dict.fromkeys(expression.free_symbols, n_images)))
    return int(value)


def is_free(size: Any) -> bool:
    """Says whether a size is still that of any batch, and not a number."""
    return isinstance(size, torch.SymInt) and bool(size.node.expr.free_symbols)


def is_same_size(one: Any, other: Any) -> bool:
    """Says whether two sizes are equal whatever the batch; `==` would fix the batch to the example's."""
    if isinstance(one, torch.SymInt) and isinstance(other, torch.SymInt):
        return bool(one.node.expr == other.node.expr)
    return type(one) is type(other) and bool(one == other)


def reads_size_alone(node: fx.Node) -> bool:
    """Says whether a node reads how large its inputs are, and none of their values."""
    name = operator_name(node)
    return name.startswith(("sym_", "new_")) or name.endswith("_like")


def paths_around(node: fx.Node) -> list[str]:
    """Paths of the modules around a node, outermost first, without the model itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return [path for path, _ in stack.values() if path]


def calls_around(node: fx.Node) -> list[str]:
    """The same as calls: the second call of a module is `PATH@2`, its first one the path itself."""
    stack = node.meta.get("nn_module_stack") or {}
    return [_call(key, path) for key, (path, _) in stack.items() if path]


def _call(key: str, path: str) -> str:
    """Export numbers the calls of a module in the keys of a stack: `KEY`, `KEY@1`, `KEY@2`."""
    number = key.rpartition("@")[2]
    return f"{path}@{int(number) + 1}" if number.isdecimal() and "@" in key else path


def path_of_call(call: str) -> str:
    """Path of the module that is called."""
    return call.partition("@")[0]


def module_path(node: fx.Node) -> str:
    """Path of the innermost module that a node belongs to; empty in the model's own forward."""
    paths = paths_around(node)
    return paths[-1] if paths else ""
