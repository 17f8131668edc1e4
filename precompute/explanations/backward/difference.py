"""DeepLIFT: multipliers of the difference from a reference image (Shrikumar et al. 2017, section 3).

The multipliers of every operator times the differences of what it reads are exactly the difference of what it makes.
Functions of one number have the slope between both values (the rescale rule). A product of two values has the mean of
each factor for the other; a quotient, a softmax, a norm and attention are taken apart into these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from precompute.explanations.backward.attention import read_attention
from precompute.explanations.backward.norms import read_norm
from precompute.explanations.backward.operators import (
    ATTENTION,
    LAYER_NORM,
    QUOTIENT,
    is_elementwise,
    is_maximum,
    is_moved,
    is_weighted,
    takes_sums,
)
from precompute.explanations.backward.step import Signal, Step
from precompute.explanations.backward.weighted import read_weighted
from precompute.models.graph.operators import NORMALIZATION, get_argument

__all__ = ["Difference", "compute_slope", "pull_quotient", "pull_softmax"]

_Multipliers = Sequence[Tensor | None]
_SMALLEST = 1e-6
"""A difference below this share of its values is lost to rounding; the derivative is its slope."""
_FACTORS = {"mul", "matmul", "mm", "bmm"}


class Difference:
    """The rules of DeepLIFT.

    Args:
        reference: the values of the reference images, of the same shapes as those of the images; see
            `Explainer.record`.
        name: of the method, for messages.
    """

    def __init__(self, reference: Mapping[fx.Node, Any], name: str = "DeepLIFT") -> None:
        self._reference, self._name = reference, name

    def propagate(self, step: Step, signal: Signal) -> _Multipliers:
        """Computes the multipliers of the step's inputs from those of its output.

        Raises:
            InputError: the operator has no rule.
        """
        if is_moved(step.node):
            return step.pull(signal)
        assert isinstance(signal, Tensor)
        if is_weighted(step.model, step.node):
            return [read_weighted(step).pull(signal)]
        if takes_sums(step.node) or step.name in NORMALIZATION:
            return step.pull(signal)
        if is_maximum(step.node):
            return self._pull_maximum(step, signal)
        if step.name in _FACTORS:
            return self._pull_product(step, signal)
        if step.name == QUOTIENT:
            return self._pull_division(step, signal)
        if is_elementwise(step.model, step.node):
            return [self._pull_elementwise(step, signal)]
        if step.name in {"softmax", "_softmax"}:
            before, after = self._read_pair(step.inputs[0], step)
            return [pull_softmax(signal, after, before, step.get("dim"))]
        if step.name in LAYER_NORM:
            return [self._pull_norm(step, signal)]
        if step.name == ATTENTION:
            return self._pull_attention(step, signal)
        raise step.build_refusal(self._name)

    def _read_pair(self, node: fx.Node, step: Step) -> tuple[Tensor, Tensor]:
        """Returns a value of the reference images, and of the images."""
        return self._reference[node], step.values[node]

    def _pull_elementwise(self, step: Step, signal: Tensor) -> Tensor:
        (node,) = step.inputs
        before, after = self._read_pair(node, step)

        def apply(value: Tensor) -> Tensor:
            made: Tensor = step.apply({node: value})
            return made

        return signal * compute_slope(
            apply, before, after, Step(step.model, step.node, self._reference).output, step.output
        )

    def _pull_maximum(self, step: Step, signal: Tensor) -> _Multipliers:
        """Gives an increase to the winner in the image, a decrease to the winner in the reference."""
        (node,) = step.inputs
        before, after = self._read_pair(node, step)
        referred = Step(step.model, step.node, self._reference)
        change = step.output - referred.output
        sign = -1.0 if step.name in {"amin", "min"} else 1.0
        (gained,) = step.pull(signal * change.clamp_min(0) if sign > 0 else signal * change.clamp_max(0))
        (lost,) = referred.pull(signal * change.clamp_max(0) if sign > 0 else signal * change.clamp_min(0))
        assert gained is not None
        assert lost is not None
        difference = after - before
        is_real = difference != 0
        return [torch.where(is_real, (gained + lost) / torch.where(is_real, difference, 1.0), 0.0)]

    def _pull_product(self, step: Step, signal: Tensor) -> _Multipliers:
        """Gives each factor the mean of the other one; a factor that does not depend on the image stays as it is."""
        middle = [(before + after) / 2 for before, after in (self._read_pair(node, step) for node in step.inputs)]
        return step.pull(signal, middle)

    def _pull_division(self, step: Step, signal: Tensor) -> _Multipliers:
        dividend, divisor = (step.node.args[0], step.node.args[1])
        pairs = {node: self._read_pair(node, step) for node in step.inputs}
        if step.get("rounding_mode") is not None or dividend is divisor:
            raise step.build_refusal(self._name)
        above = pairs.get(dividend, (step.get("self"),) * 2)
        below = pairs.get(divisor, (step.get("other"),) * 2)
        by_dividend, by_divisor = pull_quotient(signal, above, below)
        by_node = {dividend: by_dividend, divisor: by_divisor}
        return [by_node[node].sum_to_size(step.values[node].shape) for node in step.inputs]

    def _pull_norm(self, step: Step, signal: Tensor) -> Tensor:
        """Takes a norm apart: the difference from the mean, times the reciprocal root of its mean square."""
        norm = read_norm(step, self._name)
        before, after = (norm.center(value) for value in self._read_pair(step.inputs[0], step))
        deviations = tuple(1 / norm.compute_scale(value) for value in (before, after))
        pulled = norm.scale(signal).reshape(before.shape)
        direct, by_deviation = pull_quotient(pulled, (before, after), deviations)
        # A deviation is the root of a mean square, which is a product of the differences with themselves.
        slope = by_deviation.sum(-1, keepdim=True) / (deviations[0] + deviations[1])
        total = direct + slope * (before + after) / before.shape[-1]
        return norm.center(total.reshape(signal.shape)).reshape(signal.shape)

    def _pull_attention(self, step: Step, signal: Tensor) -> _Multipliers:
        attention = read_attention(step, self._name)
        names = ("query", "key", "value")
        nodes = [get_argument_node(step, name) for name in names]
        befores = [self._reference[node] for node in nodes]
        afters = [step.values[node] for node in nodes]
        middle = [(before + after) / 2 for before, after in zip(befores, afters, strict=True)]
        products = [attention.compute_products(*values[:2]) for values in (befores, afters)]
        weights = [one.softmax(-1) for one in products]
        by_value = ((weights[0] + weights[1]) / 2).mT @ signal
        by_products = pull_softmax(signal @ middle[2].mT, products[1], products[0], -1) * attention.scale
        by_query, by_key = by_products @ middle[1], by_products.mT @ middle[0]
        found: dict[fx.Node, Tensor] = {}
        for node, pulled in zip(nodes, (by_query, by_key, by_value), strict=True):
            found[node] = found[node] + pulled if node in found else pulled
        return [found.get(node) for node in step.inputs]


def compute_slope(
    apply: Callable[[Tensor], Tensor], before: Tensor, after: Tensor, made_before: Tensor, made_after: Tensor
) -> Tensor:
    """Computes the slope of a function of one number between two values; its derivative where these are equal.

    Args:
        apply: the function.
        before: values of the reference.
        after: values of the images, of the same shape.
        made_before: the function of `before`.
        made_after: the function of `after`.
    """
    difference = after - before
    is_small = difference.abs() <= _SMALLEST * torch.maximum(after.abs(), before.abs())
    slope = (made_after - made_before) / torch.where(is_small, 1.0, difference)
    if not is_small.any():
        return slope
    with torch.enable_grad():
        middle = ((after + before) / 2).detach().requires_grad_()
        (derivative,) = torch.autograd.grad(apply(middle).sum(), middle)
    return torch.where(is_small, derivative, slope)


def pull_quotient(signal: Tensor, above: tuple[Tensor, Tensor], below: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Computes the multipliers of a dividend and a divisor, of the shape of their quotient.

    The dividend is the product of quotient and divisor, each of which has the mean of the other. So no multiplier grows
    where one of the divisors is small.

    Args:
        signal: of the quotient.
        above: the dividend in the reference and in the image.
        below: the divisor, likewise.
    """
    by_dividend = signal * 2 / (below[0] + below[1])
    return by_dividend, -by_dividend * (above[0] / below[0] + above[1] / below[1]) / 2


def pull_softmax(signal: Tensor, after: Tensor, before: Tensor, axis: int) -> Tensor:
    """Computes the multipliers of what a softmax reads: exponentials, each divided by the sum of all.

    It computes in float64, because both values share one shift.

    Args:
        signal: of the softmax.
        after: what it reads of the images.
        before: what it reads of the reference.
        axis: over which it sums.
    """
    wide = [value.double() for value in (before, after)]
    shift = torch.maximum(*wide).amax(axis, keepdim=True)
    wide = [value - shift for value in wide]
    powers = [value.exp() for value in wide]
    sums = [power.sum(axis, keepdim=True) for power in powers]
    by_power, by_sum = pull_quotient(signal.double(), (powers[0], powers[1]), (sums[0], sums[1]))
    total = by_power + by_sum.sum(axis, keepdim=True)
    is_masked = torch.isinf(wide[0]) | torch.isinf(wide[1])
    before_, after_ = (value.masked_fill(is_masked, 0.0) for value in wide)
    slope = compute_slope(torch.exp, before_, after_, before_.exp(), after_.exp()).masked_fill(is_masked, 0.0)
    return (total * slope).to(signal.dtype)


def get_argument_node(step: Step, name: str) -> fx.Node:
    """Returns the node of an argument."""
    node = get_argument(step.node, name)
    assert isinstance(node, fx.Node)
    return node
