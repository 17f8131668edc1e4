"""Norms by the mean and the variance of groups of one image's numbers: layer, group and instance norm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from precompute.explanations.backward.step import Step

__all__ = ["GroupNorm", "read_norm"]


@dataclass(frozen=True)
class GroupNorm:
    """A norm of one value.

    Attributes:
        n_axes: axes of the value that stay in front of the groups; the groups are those of the rest.
        n_groups: the number of groups that the rest is cut into.
        weight: broadcasts against the value; None for 1.
        bias: likewise; None for 0.
        eps: added to the variance.
    """

    n_axes: int
    n_groups: int
    weight: Tensor | None
    bias: Tensor | None
    eps: float

    def center(self, value: Tensor) -> Tensor:
        """Computes the differences from the mean of each group, `(..., group, member)`."""
        grouped = value.reshape(*value.shape[: self.n_axes], self.n_groups, -1)
        return grouped - grouped.mean(-1, keepdim=True)

    def compute_scale(self, centred: Tensor) -> Tensor:
        """Computes the reciprocal standard deviation of each group, `(..., group, 1)`."""
        return torch.rsqrt((centred**2).mean(-1, keepdim=True) + self.eps)

    def scale(self, value: Tensor) -> Tensor:
        """Multiplies a value by the weight."""
        return value if self.weight is None else value * self.weight

    def apply_with_scale(self, value: Tensor, scale: Tensor) -> Tensor:
        """Computes the norm with given reciprocal standard deviations; it is affine in the value."""
        made = self.scale((self.center(value) * scale).reshape(value.shape))
        return made if self.bias is None else made + self.bias


def read_norm(step: Step, method: str) -> GroupNorm:
    """Reads a norm.

    Raises:
        InputError: its groups are not known, or its weights depend on the image.
    """
    value, weight, bias = step.get("input"), step.get("weight"), step.get("bias")
    if len(step.inputs) != 1:
        raise step.build_refusal(method, "its weights depend on the image")
    if step.name in {"layer_norm", "native_layer_norm"}:
        sizes = step.get("normalized_shape")
        return GroupNorm(value.ndim - len(sizes), 1, weight, bias, step.get("eps"))
    if step.name == "instance_norm":
        if not step.get("use_input_stats"):
            raise step.build_refusal(method, "it uses running statistics")
        n_groups = value.shape[1]
    else:
        n_groups = step.get("num_groups" if step.name == "group_norm" else "group")
    shape = (-1, *[1] * (value.ndim - 2))
    weight, bias = (None if one is None else one.view(shape) for one in (weight, bias))
    assert math.prod(value.shape[1:]) % n_groups == 0
    return GroupNorm(1, n_groups, weight, bias, step.get("eps"))
