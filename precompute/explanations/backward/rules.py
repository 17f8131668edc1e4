"""The rules of layer-wise relevance propagation for convolutions and products with a matrix.

Each shares the relevance of an output among the inputs in proportion to some form of their contributions to it (Bach et
al. 2015, section 2; Montavon et al. 2019, table 10.1). Where inputs may be negative, what counts is the sign of the
contribution, not that of the weight.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.backward.weighted import Weighted

__all__ = ["STABILIZER", "Box", "Rule", "parse_rule", "stabilize"]

STABILIZER = 1e-6
"""Added to denominators with their sign."""

Box: TypeAlias = tuple[Tensor, Tensor]
"""The least and the greatest value of each input."""

_Part: TypeAlias = tuple[Tensor, Tensor, Tensor | None]
"""An input, weights and a bias, whose map is one part of a denominator."""


@dataclass(frozen=True)
class Rule:
    """A rule with its numbers.

    Attributes:
        name: one of those that `parse_rule` knows.
        numbers: its parameters, in order.
    """

    name: str
    numbers: tuple[float, ...] = ()

    def __str__(self) -> str:
        return self.name + (":" + ",".join(f"{number:g}" for number in self.numbers) if self.numbers else "")

    def redistribute(self, layer: Weighted, relevance: Tensor, box: Box | None = None) -> Tensor:
        """Shares the relevance of a layer's outputs among its inputs.

        Args:
            layer: the convolution or the product.
            relevance: of its outputs.
            box: the range of its inputs, for `z_box` alone.
        """
        if self.name == "z_box":
            assert box is not None
            return _share_in_box(layer, relevance, box)
        return _SHARES[self.name](layer, relevance, *self.numbers)


def parse_rule(text: str) -> Rule:
    """Reads a rule such as `epsilon`, `gamma:0.25` or `alpha_beta:2,1`; numbers that are left out have defaults.

    Raises:
        InputError: the rule is unknown, or its numbers are.
    """
    name, _, rest = text.partition(":")
    if name not in _DEFAULTS:
        near = difflib.get_close_matches(name, _DEFAULTS, n=1)
        raise InputError(
            f"A rule is one of {', '.join(_DEFAULTS)}.",
            f"Found {text}.",
            f"Did you mean {near[0]}?" if near else "Numbers follow a colon, as in gamma:0.25.",
        )
    defaults = _DEFAULTS[name]
    try:
        numbers = tuple(float(number) for number in rest.split(",")) if rest else defaults
    except ValueError:
        numbers = ()
    is_odd = name == "alpha_beta" and len(numbers) == 2 and abs(numbers[0] - numbers[1] - 1) > 1e-9
    if len(numbers) != len(defaults) or min(numbers, default=0) < 0 or is_odd:
        wanted = "two numbers that are not negative, the first greater by 1" if name == "alpha_beta" else (
            f"{len(defaults)} numbers that are not negative"
        )  # fmt: skip
        default = Rule(name, defaults)
        raise InputError(f"The rule {name} has {wanted}.", f"Found {text}.", f"The default is {default}.")
    return Rule(name, numbers)


def stabilize(value: Tensor, epsilon: float = STABILIZER) -> Tensor:
    """Adds `epsilon` to every number, away from zero."""
    return value + torch.where(value < 0, -epsilon, epsilon)


def _share(layer: Weighted, parts: Sequence[_Part], relevance: Tensor, epsilon: float = STABILIZER) -> Tensor:
    """Shares relevance in proportion to the contributions of several parts of the inputs."""
    total = sum((layer.apply(*part) for part in parts), torch.zeros(()).to(relevance))
    share = relevance / stabilize(total, epsilon)
    return sum((value * layer.pull(share, weight) for value, weight, _ in parts), torch.zeros(()).to(relevance))


def _split(layer: Weighted, up: Callable[[Tensor], Tensor], down: Callable[[Tensor], Tensor]) -> list[_Part]:
    """Makes the parts in which positive inputs have the weights `up`, and negative ones the weights `down`."""
    value, bias = layer.input, layer.bias
    parts: list[_Part] = [(value.clamp_min(0), up(layer.weight), None if bias is None else up(bias))]
    if value.min() < 0:
        parts.append((value.clamp_max(0), down(layer.weight), None))
    return parts


def _share_epsilon(layer: Weighted, relevance: Tensor, epsilon: float) -> Tensor:
    share = relevance / stabilize(layer.output, epsilon)
    return layer.input * layer.pull(share)


def _share_z_plus(layer: Weighted, relevance: Tensor) -> Tensor:
    return _share(layer, _split(layer, _raise, _lower), relevance)


def _share_alpha_beta(layer: Weighted, relevance: Tensor, alpha: float, beta: float) -> Tensor:
    shared = alpha * _share(layer, _split(layer, _raise, _lower), relevance)
    return shared if not beta else shared - beta * _share(layer, _split(layer, _lower, _raise), relevance)


def _share_gamma(layer: Weighted, relevance: Tensor, gamma: float) -> Tensor:
    def favour_positive(weight: Tensor) -> Tensor:
        return weight + gamma * weight.clamp_min(0)

    def favour_negative(weight: Tensor) -> Tensor:
        return weight + gamma * weight.clamp_max(0)

    made = layer.output
    up = _share(layer, _split(layer, favour_positive, favour_negative), relevance * (made > 0))
    below = relevance * (made < 0)
    # Behind a ReLU, a negative output has no relevance.
    return up + _share(layer, _split(layer, favour_negative, favour_positive), below) if below.any() else up


def _share_flat(layer: Weighted, relevance: Tensor) -> Tensor:
    return _share(layer, [(torch.ones_like(layer.input), torch.ones_like(layer.weight), None)], relevance)


def _share_w_square(layer: Weighted, relevance: Tensor) -> Tensor:
    return _share(layer, [(torch.ones_like(layer.input), layer.weight**2, None)], relevance)


def _share_in_box(layer: Weighted, relevance: Tensor, box: Box) -> Tensor:
    low, high = (bound.expand_as(layer.input) for bound in box)
    up, down = layer.weight.clamp_min(0), layer.weight.clamp_max(0)
    parts: list[_Part] = [(layer.input, layer.weight, None), (-low, up, None), (-high, down, None)]
    return _share(layer, parts, relevance)


def _raise(weight: Tensor) -> Tensor:
    return weight.clamp_min(0)


def _lower(weight: Tensor) -> Tensor:
    return weight.clamp_max(0)


_SHARES: Mapping[str, Callable[..., Tensor]] = {
    "epsilon": _share_epsilon,
    "gamma": _share_gamma,
    "alpha_beta": _share_alpha_beta,
    "z_plus": _share_z_plus,
    "flat": _share_flat,
    "w_square": _share_w_square,
}
_DEFAULTS: Mapping[str, tuple[float, ...]] = {
    "epsilon": (STABILIZER,),
    "gamma": (0.25,),
    "alpha_beta": (2.0, 1.0),
    "z_plus": (),
    "flat": (),
    "w_square": (),
    "z_box": (),
}
