"""Local response normalization as one operator with its own gradient, instead of the ten that it is exported as.

Older networks (AlexNet, the first GoogLeNet) have it after their first convolutions, where maps are largest. Its
pooling over channels took more time there than the convolutions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, fx
from torch.autograd.function import FunctionCtx

from precompute.models.graph.operators import get_operator_name

__all__ = ["fuse_local_response_norms", "normalize_local_response"]


class _Norm(NamedTuple):
    """The constants of `x / (k + alpha * mean of x**2 over size channels) ** beta`, as torch defines them."""

    size: int
    alpha: float
    beta: float
    k: float


def fuse_local_response_norms(module: fx.GraphModule) -> None:
    """Replaces every local response normalization of an exported graph in place; values change by rounding alone."""
    for node in list(module.graph.nodes):
        found = _match_norm(node) if get_operator_name(node) == "div" else None
        if found is not None:
            with module.graph.inserting_before(node):
                fused = module.graph.call_function(normalize_local_response, (node.args[0], *found))
            fused.meta = dict(node.meta)
            node.replace_all_uses_with(fused)
    module.graph.eliminate_dead_code()
    module.recompile()


def normalize_local_response(inputs: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
    """Computes `torch.nn.functional.local_response_norm` of `(batch, channel, height, width)`.

    Without gradients, one image is computed after another: what lies between fits into the caches of a processor, which
    made it four times as fast for five images.
    """
    norm = _Norm(size, alpha, beta, k)
    if torch.is_grad_enabled() and inputs.requires_grad:
        result: Tensor = _LocalResponseNorm.apply(inputs, norm)
        return result
    values = inputs.movedim(1, 3)
    found = torch.empty_like(values, memory_format=torch.contiguous_format)
    for number in range(len(values)):
        one = values[number]
        torch.mul(one, _raise_to_minus(_compute_base(one, norm), beta), out=found[number])
    return found.movedim(3, 1)


class _LocalResponseNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: Tensor, norm: _Norm) -> Tensor:
        values = inputs.movedim(1, 3)
        base = _compute_base(values, norm)
        factor = _raise_to_minus(base, norm.beta)
        ctx.save_for_backward(values, base, factor)
        ctx.norm = norm
        return (values * factor).movedim(3, 1)

    @staticmethod
    def backward(ctx: FunctionCtx | Any, *gradients: Tensor) -> tuple[Tensor, None]:
        values, base, factor = ctx.saved_tensors
        norm: _Norm = ctx.norm
        scaled = gradients[0].movedim(1, 3) * factor
        shared = _sum_windows((scaled * values).div_(base), (norm.size - 1) // 2, norm.size // 2)
        return shared.mul_(values).mul_(-2 * norm.beta * norm.alpha / norm.size).add_(scaled).movedim(3, 1), None


def _compute_base(values: Tensor, norm: _Norm) -> Tensor:
    """Computes what is raised to -beta."""
    sums = _sum_windows(values * values, norm.size // 2, (norm.size - 1) // 2)
    return sums.mul_(norm.alpha / norm.size).add_(norm.k)


def _sum_windows(values: Tensor, n_before: int, n_after: int) -> Tensor:
    """Sums each channel, the last axis, with so many channels before and after it; what is outside is 0."""
    total = values.clone()
    for shift in range(1, min(n_before, values.shape[-1] - 1) + 1):
        total[..., shift:] += values[..., :-shift]
    for shift in range(1, min(n_after, values.shape[-1] - 1) + 1):
        total[..., :-shift] += values[..., shift:]
    return total


def _raise_to_minus(base: Tensor, beta: float) -> Tensor:
    """Computes `base ** -beta`, for the usual beta of 0.75 by roots, which are much faster than powers."""
    if beta == 0.75:
        root = base.rsqrt()
        return root.sqrt().mul_(root)
    return base.pow(-beta)


# --- matching in an exported graph ----------------------------------------------------------------------------------


def _match_norm(div: fx.Node) -> _Norm | None:
    """Returns the normalization whose last operator is this division; None if it is another division."""
    inputs, power = div.args[0], div.args[1]
    chain = _match_chain(power, ("pow", "add", "mul", "reshape", "squeeze", "avg_pool3d", "pad", "reshape", "mul"))
    if chain is None:
        return None
    pow_, add, mul, _, _, pool, pad, _, square = chain
    window = list(pool.args[1])
    size = int(window[0])
    if (
        list(square.args) != [inputs, inputs]
        or window != [size, 1, 1]
        or list(pool.args[2:3]) != [[1, 1, 1]]
        or list(pad.args[1]) != [0, 0, 0, 0, size // 2, (size - 1) // 2]
    ):
        return None
    constants = (mul.args[1], pow_.args[1], add.args[1])
    if not all(isinstance(constant, int | float) for constant in constants):
        return None
    alpha, beta, k = (float(constant) for constant in constants)
    return _Norm(size, alpha, beta, k)


def _match_chain(last: Any, names: tuple[str, ...]) -> list[Any] | None:
    """Follows first arguments back from the last node; None if an operator is not the one that its name asks for."""
    nodes: list[fx.Node] = []
    for name in names:
        if not isinstance(last, fx.Node) or get_operator_name(last) not in {
            name,
            "view" if name == "reshape" else name,
        }:
            return None
        nodes.append(last)
        last = last.args[0]
    return nodes
