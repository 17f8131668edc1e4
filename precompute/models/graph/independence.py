"""The check that the values of an image do not depend on the other images of its batch.

The same image is computed alone and among others, on the exported graph, operator by operator.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.models.graph.operators import get_module_path, get_operator_name, is_same_size, reads_size_alone
from precompute.models.graph.source_location import find_line

__all__ = ["require_independence"]

_TOLERANCE = 1e-3
"""The greatest difference by rounding, as a share of the largest value; algorithms vary with the batch size."""
_GROSS, _MANY = 0.05, 0.01
"""A difference, and a share of values with it, that rounding does not reach even where it crosses a threshold."""
_SEED = 0


def require_independence(graph: fx.GraphModule, input_size: tuple[int, int, int], kinds: Mapping[str, str]) -> None:
    """Computes one image alone and among others, and compares.

    Args:
        graph: computes logits from images.
        input_size: `(channels, height, width)` of one image.
        kinds: the type of each module, by its path.

    Raises:
        InputError: a value of the image depends on the other images, such as the statistics of a batch, or on their
            number, or one image alone cannot be computed.
    """
    image, *others = _make_images(input_size)
    together = torch.stack([others[0], image, others[1]])
    alone = _compare_sides(graph, (image[None], together), (0, 1))
    if alone.first is None and alone.failure is None:
        return
    company = _compare_sides(graph, (together, torch.stack([others[2], image, others[3]])), (1, 1))
    if company.first is not None:
        raise _explain_mixing(company.first, kinds)
    if alone.failure is not None:
        raise _explain_failure(alone, kinds)
    if alone.is_gross:
        raise _explain_counting(alone, kinds)


def _make_images(size: tuple[int, int, int]) -> list[Tensor]:
    """Makes one image of noise, distributed as a preprocessed image is, and four with other statistics.

    The first two of the four have a negative mean, the last two a positive one, so that a threshold on the mean of a
    batch is crossed as well.
    """
    generator = torch.Generator().manual_seed(_SEED)
    looks = ((1.0, 0.3), (3.0, -4.0), (0.3, 1.0), (0.5, 3.0), (2.0, -0.5))  # spread and mean
    return [torch.randn(size, generator=generator) * spread + mean for spread, mean in looks]


class _Compared(NamedTuple):
    """The result of a comparison.

    Attributes:
        first: the first operator whose values of the image differ, or the one that failed; None for no difference.
        is_gross: the difference is greater than rounding makes it.
        failure: the exception of the operator that failed.
    """

    first: fx.Node | None
    is_gross: bool = False
    failure: str | None = None


def _compare_sides(graph: fx.GraphModule, batches: tuple[Tensor, Tensor], indices: tuple[int, int]) -> _Compared:
    runner = _SideBySide(graph, indices)
    try:
        with torch.inference_mode():
            runner.run(_Sides(*batches))
    except Exception as problem:  # any operator may fail, those of the user included
        reason = (str(problem).splitlines() or ["no message"])[0].rstrip(".")
        return _Compared(runner.running, failure=f"{type(problem).__name__}: {reason}")
    return _Compared(runner.first if runner.is_certain else None, runner.is_gross)


class _Sides:
    """A value in both batches; no tuple, since operators take and return tuples of values."""

    def __init__(self, one: Any, other: Any) -> None:
        self.both = (one, other)


class _SideBySide(fx.Interpreter):
    """Computes two batches at once, and compares every value of the image that both of them hold.

    Args:
        graph: the operators to compute.
        indices: the index of the image in each batch.
    """

    def __init__(self, graph: fx.GraphModule, indices: tuple[int, int]) -> None:
        super().__init__(graph)
        self.extra_traceback = False
        (images,) = (node for node in graph.graph.nodes if node.op == "placeholder")
        self._batch, self._indices = images.meta["val"].shape[0], indices
        self._of_image = {images}
        self.first: fx.Node | None = None
        self.is_certain = self.is_gross = False
        self.running: fx.Node | None = None

    def run_node(self, n: fx.Node) -> Any:
        """Computes one operator on both sides."""
        self.running = n
        value = super().run_node(n)
        if reads_size_alone(n) or self._of_image.isdisjoint((n, *n.all_input_nodes)):
            return value
        self._of_image.add(n)
        if not self.is_certain and isinstance(n.meta.get("val"), Tensor):
            axes = [axis for axis, size in enumerate(n.meta["val"].shape) if is_same_size(size, self._batch)]
            if len(axes) == 1:
                self._compare(n, axes[0], value)
        return value

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Calls an operator on each side, where its operands depend on the batch."""
        held: list[_Sides] = []
        fx.node.map_aggregate((args, kwargs), lambda v: held.append(v) if isinstance(v, _Sides) else None)
        if not held:
            return super().call_function(target, args, kwargs)
        one, other = (_take_side(args, kwargs, index) for index in (0, 1))
        return _Sides(super().call_function(target, *one), super().call_function(target, *other))

    def _compare(self, node: fx.Node, axis: int, value: _Sides) -> None:
        one, other = (side.select(axis, index) for side, index in zip(value.both, self._indices, strict=True))
        if _is_close(one, other):
            return
        difference = _measure_difference(one, other)
        if difference is None or bool((difference > _TOLERANCE).any()):
            if self.first is None:
                self.first = node
                self.is_gross = difference is None or float((difference > _GROSS).float().mean()) > _MANY
            # Another axis of the same size need not be that of the batch: values may only have been moved along it.
            self.is_certain = axis == 0


def _take_side(args: Any, kwargs: Any, index: int) -> Any:
    return fx.node.map_aggregate((args, kwargs), lambda v: v.both[index] if isinstance(v, _Sides) else v)


def _is_close(one: Tensor, other: Tensor) -> bool:
    """Checks quickly that two values are close and finite; False also where a closer look is needed."""
    if one.shape != other.shape or not one.is_floating_point():
        return False
    return bool((one - other).abs_().amax() <= _TOLERANCE * other.abs().amax()) if one.numel() else True


def _measure_difference(one: Tensor, other: Tensor) -> Tensor | None:
    """Measures the difference of each number, as a share of the largest one; returns None where the shapes differ."""
    if one.shape != other.shape:
        return None
    one, other = one.double(), other.double()
    equal = (one == other) | (one.isnan() & other.isnan())
    finite = other[other.isfinite()].abs()
    scale = float(finite.max()) if finite.numel() else 0.0
    return torch.where(equal, 0, (one - other).abs() / (scale or 1.0)).nan_to_num(nan=torch.inf)


# --- messages -------------------------------------------------------------------------------------------------------


def _describe_location(node: fx.Node, kinds: Mapping[str, str]) -> str:
    path = get_module_path(node)
    kind = kinds.get(path, "")
    location = f"{path} ({kind})" if path and kind else path or "The model's forward"
    line = "" if hasattr(torch.nn, kind) else find_line(node)
    return f"{location}{f', in {line},' if line else ''}"


def _explain_mixing(node: fx.Node, kinds: Mapping[str, str]) -> InputError:
    normalizes = any("batch_norm" in get_operator_name(one) for one in (node, *node.all_input_nodes))
    return InputError(
        "What a model says of an image does not depend on the other images of its batch.",
        f"{_describe_location(node, kinds)} {'takes the statistics of the batch' if normalizes else 'mixes images'}: "
        "the same image gets other values in other company.",
        "Let it use running statistics (track_running_stats=True, and eval() for every module), or a norm of each "
        "image by itself, such as GroupNorm."
        if normalizes
        else "Let every operator keep images apart: axis 0 is theirs alone.",
    )


def _explain_failure(found: _Compared, kinds: Mapping[str, str]) -> InputError:
    location = _describe_location(found.first, kinds) if found.first is not None else "The model's forward"
    return InputError(
        "A model takes one image as well as several.",
        f"{location} fails on one image ({found.failure}).",
        "Keep the axis of the batch, also where it is of length one.",
    )


def _explain_counting(found: _Compared, kinds: Mapping[str, str]) -> InputError:
    assert found.first is not None
    return InputError(
        "What a model says of an image does not depend on the size of its batch, nor on its place there.",
        f"{_describe_location(found.first, kinds)} calls {get_operator_name(found.first)}, whose values differ for one "
        "image alone.",
        "Let every operator keep images apart: axis 0 is theirs alone.",
    )
