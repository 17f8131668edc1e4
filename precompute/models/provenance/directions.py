"""Directions of elementwise operators, increasing or decreasing, found by evaluating them.

An operator counts as increasing where, over the range of its input, it rises more than twice as far as it falls. GELU
and SiLU count, although they dip a little. Absolute values, squares and cosines have no direction, unless their input
is known to be never negative.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import (
    ELEMENTWISE,
    POOLING,
    REDUCTION,
    compute_size_for_one_image,
    get_operator_name,
    get_shape,
    is_first_of_several,
    is_movement,
)

_STEPS = torch.cat([torch.logspace(-3, 4, 71), torch.linspace(0.04, 8, 200)]).unique()
_EVERYWHERE = torch.cat([-_STEPS.flip(0), torch.zeros(1), _STEPS])
_MAX_NUMBERS = 2**22
_STILL = 1e-4
"""The greatest step at an open end of the numbers that counts as no movement."""
_DEEPEST = 40
"""The number of operators that are gone back through for the range of a value."""

_OVERSHOOTING = {"upsample_bicubic2d", "_upsample_bicubic2d_aa", "grid_sampler", "grid_sampler_2d"}
_SPREADING = {*POOLING - _OVERSHOOTING, *REDUCTION - {"logsumexp", "var", "std", "sum"}, "avg_pool3d"}
"""Operators whose results lie between the least and the greatest value that they read, or 0 where they pad."""


class Range(NamedTuple):
    """The bounds of the numbers of a value, for every image."""

    low: float = -math.inf
    high: float = math.inf

    def join(self, other: Range) -> Range:
        """Returns the least range that holds the numbers of both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


_ALL = Range()


def is_elementwise(model: ExportedModel, node: fx.Node) -> bool:
    """Returns whether an operator treats each number alone, of a single operand that depends on the image."""
    is_pointwise = torch.Tag.pointwise in getattr(node.target, "tags", ())
    return (is_pointwise or get_operator_name(node) in ELEMENTWISE) and len(set(model.find_inputs(node))) == 1


class Directions:
    """The directions of the elementwise operators of a graph, and the ranges of its values."""

    def __init__(self, model: ExportedModel) -> None:
        self._model = model
        self._ranges: dict[fx.Node, Range] = {}

    def find(self, node: fx.Node) -> Tensor | None:
        """Finds by channel 1 where an elementwise operator is increasing, -1 where decreasing, 0 where constant.

        Returns:
            `(channel,)`; None where a channel has no single direction.
        """
        (read,) = set(self._model.find_inputs(node))
        found = self._reduce_to_channels(node, _find_directions(self._evaluate(node, _ALL)))
        if found is not None:
            return found
        return self._reduce_to_channels(node, _find_directions(self._evaluate(node, self.find_range(read))))

    def find_sign(self, node: fx.Node) -> int | None:
        """Returns 1 where a value is never negative, -1 where never positive, None where it may be either."""
        found = self.find_range(node)
        return 1 if found.low >= 0 else -1 if found.high <= 0 else None

    def find_range(self, node: fx.Node, depth: int = 0) -> Range:
        """Finds the range of a value, as far as the operators before it show."""
        if node not in self._ranges:
            known = depth < _DEEPEST and self._model.depends_on_input(node)
            self._ranges[node] = self._compute_range(node, depth + 1) if known else _ALL
        return self._ranges[node]

    def _compute_range(self, node: fx.Node, depth: int) -> Range:
        name, read = get_operator_name(node), list(dict.fromkeys(self._model.find_inputs(node)))
        if is_elementwise(self._model, node):
            whole = _measure_range(self._evaluate(node, _ALL), _ALL)
            if whole.low >= 0 or whole.high <= 0:
                return whole
            within = self.find_range(read[0], depth)
            return _measure_range(self._evaluate(node, within), within)
        if name in {"softmax", "_softmax"}:
            return Range(0, 1)
        if name in {"var", "std"}:
            return Range(0)
        if name in _SPREADING or is_movement(node) or is_first_of_several(node):
            spread = Range(0, 0) if name not in REDUCTION else self.find_range(read[0], depth)
            for one in read:
                spread = spread.join(self.find_range(one, depth))
            return spread
        if name in {"mul", "add", "div"} and len(read) == 2:
            return _combine_ranges(name, *(self.find_range(one, depth) for one in read))
        return _ALL

    def _evaluate(self, node: fx.Node, within: Range) -> Tensor:
        """Evaluates an elementwise operator on numbers of a range.

        Returns:
            `(number, ...)`, float64, with the axes of its value behind the first.
        """
        (read,) = set(self._model.find_inputs(node))
        shape = get_shape(read) or (-1,)
        constants = {one: self._read_constant(one) for one in node.all_input_nodes if one is not read}
        largest = max([shape[1], *(one.numel() for one in constants.values() if isinstance(one, Tensor))])
        points = _choose_points(within, n_at_most=_MAX_NUMBERS // largest)
        probes = points.view(-1, *[1] * (len(shape) - 1)).expand(-1, shape[1], *[1] * len(shape[2:]))
        known = {**constants, read: probes}
        arguments, keywords = (fx.node.map_arg(one, known.__getitem__) for one in (node.args, node.kwargs))
        with torch.no_grad():
            result = node.target(*arguments, **keywords)
        value: Tensor = result[0] if isinstance(result, tuple | list) else result
        return value.double()

    def _read_constant(self, node: fx.Node) -> Any:
        is_size = node.op != "get_attr" and not isinstance(node.meta.get("val"), Tensor)
        return compute_size_for_one_image(node) if is_size else self._model.read_parameter(node)

    def _reduce_to_channels(self, node: fx.Node, direction: Tensor) -> Tensor | None:
        """Reduces directions at the positions of one image, NaN where there is none, to those of channels."""
        layout = self._model.layouts.get(node)
        if layout is None:
            return None
        by_channel = (
            direction.unflatten(0, (layout.n_channels, -1)) if layout.is_flat else direction.movedim(layout.axis - 1, 0)
        )
        rows = by_channel.flatten(1) if by_channel.ndim > 1 else by_channel[:, None]
        least, greatest = rows.amin(1), rows.amax(1)
        if bool((least.isnan() | (least * greatest < 0)).any()):
            return None
        return torch.where(greatest > 0, greatest, least).expand(layout.n_channels)


def _choose_points(within: Range, n_at_most: int) -> Tensor:
    """Chooses numbers within a range, in ascending order."""
    inside = _EVERYWHERE[_EVERYWHERE.ge(within.low) & _EVERYWHERE.le(within.high)]
    ends = [end for end in within if math.isfinite(end)]
    points = torch.cat([inside, torch.tensor(ends).to(inside)]).unique()
    return points[torch.linspace(0, len(points) - 1, max(8, min(n_at_most, len(points)))).round().long()]


def _find_directions(values: Tensor) -> Tensor:
    """Finds 1, -1 or 0 where values `(number, ...)` rise, fall or stay the same with the number, NaN where both.

    An operator with a pole, which has values on both its sides, has no direction.
    """
    steps = values.diff(dim=0)
    steps = steps.where(steps.isfinite(), 0)
    rise, fall = steps.clamp_min(0).sum(0), (-steps).clamp_min(0).sum(0)
    found = torch.full_like(rise, torch.nan)
    found[rise > 2 * fall], found[fall > 2 * rise] = 1, -1
    found[(rise == 0) & (fall == 0)] = 0
    is_finite = values.isfinite().int()
    is_inside = is_finite.cummax(0).values & is_finite.flip(0).cummax(0).values.flip(0)
    found[(is_inside > is_finite).any(0)] = torch.nan
    return found


def _measure_range(values: Tensor, within: Range) -> Range:
    """Measures the range of an operator's values; it is open where they still move at an open end of the numbers."""
    finite = values[values.isfinite()]
    if not len(finite):
        return _ALL
    low, high = float(values[~values.isnan()].min()), float(values[~values.isnan()].max())
    ends = [(values[0] - values[1], within.low), (values[-1] - values[-2], within.high)]
    for step, end in ends:
        moved = step[step.isfinite()]
        if math.isinf(end) and len(moved):
            low = -math.inf if float(moved.min()) < -_STILL else low
            high = math.inf if float(moved.max()) > _STILL else high
    return Range(low, high)


def _combine_ranges(name: str, one: Range, other: Range) -> Range:
    """Computes the range of a sum, or the sign of a product or quotient of two values, as a range."""
    if name == "add":
        return Range(one.low + other.low, one.high + other.high)
    signs = [{(bound > 0) - (bound < 0) for bound in bounds} for bounds in (one, other)]
    products = {a * b for a in signs[0] for b in signs[1]}
    return Range(0 if min(products) >= 0 else -math.inf, 0 if max(products) <= 0 else math.inf)
