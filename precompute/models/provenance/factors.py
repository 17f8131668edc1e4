"""The constants by which an operator of the graph scales channels: factors, coefficients of sums, gains of norms."""

from __future__ import annotations

import torch
from torch import Tensor, fx

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name, get_shape

__all__ = ["read_coefficients", "read_factor", "read_norm_scale", "strip_positive_factors"]


def read_norm_scale(model: ExportedModel, node: fx.Node) -> Tensor:
    """Computes the scale of a batch norm in inference, gain / sqrt(variance + epsilon).

    Returns:
        `(channel,)`, float64.
    """
    weight, variance = node.args[1], node.args[4]
    epsilon = node.args[-1] if get_operator_name(node) != "batch_norm" else node.args[7]
    spread = model.read_parameter(variance)
    assert spread is not None and isinstance(epsilon, float)
    scale = torch.rsqrt(spread.double() + epsilon)
    gain = model.read_parameter(weight)
    return scale if gain is None else scale * gain.double()


def read_coefficients(model: ExportedModel, node: fx.Node) -> dict[fx.Node, float]:
    """Reads the coefficient of each operand of a sum, a difference or a negation.

    Returns:
        By operand that depends on the image; an operand that occurs twice has the sum of both coefficients.
    """
    alpha = float(node.kwargs.get("alpha", 1))
    signs = {"add": (1.0, alpha), "sub": (1.0, -alpha), "rsub": (-alpha, 1.0), "neg": (-1.0,)}[get_operator_name(node)]
    fed = model.find_inputs(node)
    found: dict[fx.Node, float] = {}
    for operand, sign in zip(node.args, signs, strict=False):
        if operand in fed:
            found[operand] = found.get(operand, 0.0) + sign
    return found


def read_factor(model: ExportedModel, node: fx.Node) -> Tensor | None:
    """Reads the constant by which a product or quotient scales each channel.

    Returns:
        `(channel,)`, float64; None where the constant is not one number per channel, where it is divided by the value,
        or where the quotient is rounded.
    """
    layout = model.layouts.get(node)
    constant = next((arg for arg in node.args[:2] if arg not in model.find_inputs(node)), None)
    is_rounded = "rounding_mode" in node.kwargs
    if (
        layout is None
        or constant is None
        or is_rounded
        or (get_operator_name(node) == "div" and constant is node.args[0])
    ):
        return None
    value = model.read_parameter(constant) if isinstance(constant, fx.Node) else constant
    factor = torch.as_tensor(value, dtype=torch.float64)
    if get_operator_name(node) == "div":
        factor = 1 / factor
    if factor.numel() == 1:
        return factor.flatten().expand(layout.n_channels)
    shape = get_shape(node) or ()
    padded = (1,) * (len(shape) - factor.ndim) + tuple(factor.shape)
    per_channel = padded[layout.axis] == layout.n_channels and factor.numel() == layout.n_channels
    return factor.flatten() if per_channel and not layout.is_flat else None


def strip_positive_factors(model: ExportedModel, node: fx.Node) -> fx.Node:
    """Goes back from a value to the one before all multiplications by positive numbers."""
    while get_operator_name(node) == "mul" and len(model.find_inputs(node)) == 1:
        factors = [one for one in node.args if isinstance(one, int | float)]
        if len(factors) != 1 or factors[0] <= 0:
            break
        (node,) = model.find_inputs(node)
    return node
