"""Layer-wise relevance propagation and DeepLIFT number by number, as their definitions read.

A layer is a matrix here: `build_matrix` makes one of any linear operator, by its values for unit vectors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

__all__ = ["build_matrix", "compute_multipliers", "share"]

EPSILON = 1e-6


def build_matrix(layer: Callable[[Tensor], Tensor], shape: Sequence[int]) -> tuple[list[list[float]], list[float]]:
    """Builds the matrix and the bias of an affine operator, `matrix[output][input]`.

    Args:
        layer: of a batch of one value.
        shape: of the value, without the batch.
    """
    count = math.prod(shape)
    with torch.no_grad():
        bias = layer(torch.zeros(1, *shape, dtype=torch.float64)).flatten()
        units = torch.eye(count, dtype=torch.float64).view(count, 1, *shape)
        columns = [layer(unit).flatten() - bias for unit in units]
    return torch.stack(columns, 1).tolist(), bias.tolist()


def share(
    rule: str,
    inputs: Sequence[float],
    layer: tuple[list[list[float]], list[float]],
    relevance: Sequence[float],
    box: tuple[Sequence[float], Sequence[float]] | None = None,
) -> list[float]:
    """Shares the relevance of every output among the inputs, by the contribution of each input to each output.

    Args:
        rule: as in `parse_rule`, with its numbers.
        inputs: of the layer.
        layer: its matrix and bias.
        relevance: of its outputs.
        box: the least and the greatest value of each input.
    """
    name, _, numbers = rule.partition(":")
    given = [float(number) for number in numbers.split(",")] if numbers else []
    found = [0.0] * len(inputs)
    for weights, bias, amount in zip(*layer, relevance, strict=True):
        if name == "alpha_beta":
            alpha, beta = given
            terms = [
                (alpha, [max(w * x, 0) for w, x in zip(weights, inputs, strict=True)], max(bias, 0)),
                (-beta, [min(w * x, 0) for w, x in zip(weights, inputs, strict=True)], min(bias, 0)),
            ]
        else:
            terms = [(1.0, *_contribute(name, given, inputs, (weights, bias), box))]
        for factor, contributions, rest in terms:
            total = sum(contributions) + rest
            total += -EPSILON if total < 0 else EPSILON
            for index, contribution in enumerate(contributions):
                found[index] += factor * contribution / total * amount
    return found


def _contribute(
    name: str,
    given: Sequence[float],
    inputs: Sequence[float],
    row: tuple[Sequence[float], float],
    box: tuple[Sequence[float], Sequence[float]] | None,
) -> tuple[list[float], float]:
    """Computes the contribution of every input to one output, and that of the bias."""
    weights, bias = row
    products = [w * x for w, x in zip(weights, inputs, strict=True)]
    if name == "epsilon":
        return products, bias
    if name == "z_plus":
        return [max(product, 0) for product in products], max(bias, 0)
    if name == "gamma":
        favoured = max if sum(products) + bias > 0 else min
        return [p + given[0] * favoured(p, 0) for p in products], bias + given[0] * favoured(bias, 0)
    if name == "flat":
        return [1.0 if w != 0 else 0.0 for w in weights], 0.0
    if name == "w_square":
        return [w**2 for w in weights], 0.0
    assert name == "z_box"
    assert box is not None
    return [
        p - max(w, 0) * low - min(w, 0) * high for p, w, low, high in zip(products, weights, *box, strict=True)
    ], 0.0


def compute_multipliers(
    layers: Sequence[tuple[list[list[float]], list[float]]], image: Sequence[float], reference: Sequence[float]
) -> list[float]:
    """Computes the contribution of every input to the last output of layers with ReLUs between them, by DeepLIFT.

    Returns:
        One for each input: its multiplier times its difference; they sum to the difference of the output.
    """
    made = []
    for values in (list(image), list(reference)):
        before = []
        for number, (matrix, bias) in enumerate(layers):
            values = [max(v, 0) for v in values] if number else values
            values = [
                sum(w * v for w, v in zip(row, values, strict=True)) + b for row, b in zip(matrix, bias, strict=True)
            ]
            before.append(values)
        made.append(before)
    multipliers = [1.0]
    for number in reversed(range(len(layers))):
        matrix = layers[number][0]
        multipliers = [
            sum(m * row[i] for m, row in zip(multipliers, matrix, strict=True)) for i in range(len(matrix[0]))
        ]
        if number:
            for index, (new, old) in enumerate(zip(made[0][number - 1], made[1][number - 1], strict=True)):
                slope = (max(new, 0) - max(old, 0)) / (new - old) if new != old else float(new > 0)
                multipliers[index] *= slope
    return [m * (new - old) for m, new, old in zip(multipliers, image, reference, strict=True)]
