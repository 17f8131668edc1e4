"""A ReLU whose gradient leads a picture out of the region where its channel is silent.

A channel that is 0 at every position has gradient 0, so ascent would not start. Lucid (Olah et al. 2017) overrides the
gradient of ReLU in the first steps. This module does the same for any module, function or exported graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.nn import functional
from torch.overrides import TorchFunctionMode

__all__ = ["RedirectedRelu"]


class _Redirect(torch.autograd.Function):
    """ReLU in the forward pass; the backward pass redirects samples whose true gradient is 0 everywhere.

    Such a sample gets the gradient that would push its silent units up.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, inputs: Tensor) -> Tensor:
        ctx.save_for_backward(inputs)
        return inputs.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Computes the gradient of a loss that is minimised, so that a negative gradient asks for a greater value."""
        (inputs,), (gradient,) = ctx.saved_tensors, gradients
        true = torch.where(inputs > 0, gradient, 0)
        is_stuck = ~true.flatten(1).any(dim=1)
        if not bool(is_stuck.any()):
            return true
        redirected = torch.where((inputs > 0) | (gradient < 0), gradient, 0)
        return torch.where(is_stuck.view(-1, *[1] * (inputs.ndim - 1)), redirected, true)


_RELUS: frozenset[Callable[..., Any]] = frozenset(
    {functional.relu, torch.relu, Tensor.relu, torch.ops.aten.relu.default}
)


class RedirectedRelu(TorchFunctionMode):
    """A context in which every ReLU has the redirected gradient and the same values.

    The model itself is not changed. Samples do not mix: a picture's gradient does not depend on its batch.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func in _RELUS and args:
            return _Redirect.apply(args[0])
        return func(*args, **(kwargs or {}))
