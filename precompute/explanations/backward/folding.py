"""Batch norms as affine maps, and folded into the convolution before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx

from precompute.explanations.backward.operators import is_weighted
from precompute.explanations.backward.step import Step
from precompute.explanations.backward.weighted import Weighted, read_weighted
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import NORMALIZATION, get_operator_name

__all__ = ["find_folded", "fold", "read_affine"]

_FOLDABLE = {"conv1d", "conv2d", "conv3d", "linear"}


def find_folded(model: ExportedModel) -> dict[fx.Node, fx.Node]:
    """Finds every convolution or linear layer that only a batch norm reads; returns the norm by the layer."""
    found = {}
    for node in model.graph.nodes:
        if get_operator_name(node) in NORMALIZATION:
            (read,) = model.find_inputs(node)[:1]
            if get_operator_name(read) in _FOLDABLE and len(read.users) == 1 and is_weighted(model, read):
                found[read] = node
    return found


def read_affine(step: Step) -> tuple[Tensor, Tensor]:
    """Reads a batch norm as `scale * x + offset`, each `(channel,)`."""
    mean, variance, weight, bias = (step.get(name) for name in ("running_mean", "running_var", "weight", "bias"))
    scale = torch.rsqrt(variance + step.get("eps"))
    scale = scale if weight is None else scale * weight
    offset = -mean * scale
    return scale, offset if bias is None else offset + bias


def fold(step: Step, norm: fx.Node, values: Mapping[fx.Node, Any]) -> Weighted:
    """Folds a batch norm into the weights of the layer before it."""
    layer = read_weighted(step)
    after = Step(step.model, norm, values)
    scale, offset = read_affine(after)
    weight = layer.weight * scale.view(-1, *[1] * (layer.weight.ndim - 1))
    bias = offset if layer.bias is None else layer.bias * scale + offset
    return replace(layer, weight=weight, bias=bias, output=after.output)
