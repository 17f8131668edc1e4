"""The method `cam`: the weights of the last linear layer over the maps that were averaged before (Zhou et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target, score
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layout
from precompute.models.graph.operators import (
    compute_shape_for_one_image,
    find_reduced_axes,
    get_argument,
    get_module_path,
    get_operator_name,
)

__all__ = ["METHODS", "find_averaged_maps"]

_MOVES = {"view", "reshape", "flatten", "squeeze", "clone", "dropout", "alias", "contiguous", "_unsafe_view"}
"""Operators that may lie between the average and the linear layer."""
_AVERAGES = {"avg_pool2d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d"}


def find_averaged_maps(exported: ExportedModel) -> tuple[fx.Node, fx.Node]:
    """Finds the maps whose mean over all positions is the input of the one linear layer at the end, and that layer.

    Raises:
        InputError: another operator is in the way; the message names it and its module.
    """
    linear = exported.output
    if get_operator_name(linear) != "linear" or linear.args[1] in exported.find_inputs(linear):
        raise _refuse(linear)
    node = _get_input(linear)
    while get_operator_name(node) in _MOVES:
        node = _get_input(node)
    if not _is_global_average(exported, node):
        raise _refuse(node)
    return _get_input(node), linear


def _get_input(node: fx.Node) -> fx.Node:
    source = node.args[0]
    assert isinstance(source, fx.Node)
    return source


def _is_global_average(exported: ExportedModel, node: fx.Node) -> bool:
    """Checks that a value is the mean of maps over all their positions."""
    name = get_operator_name(node)
    source = node.args[0] if name in _AVERAGES or name == "mean" else None
    layout = exported.layouts.get(source) if isinstance(source, fx.Node) else None
    if layout is None or layout.is_flat or layout.tokens is not None or not isinstance(source, fx.Node):
        return False
    if name == "mean":
        axes = range(1, len(compute_shape_for_one_image(source)))
        return sorted(find_reduced_axes(node)) == [axis for axis in axes if axis != layout.axis]
    if get_argument(node, "padding") not in (None, [], 0, [0], [0, 0]):
        return False
    return compute_shape_for_one_image(node)[2:] == (1, 1) and _is_whole(node, layout)


def _is_whole(node: fx.Node, layout: Layout) -> bool:
    """Checks that the one window of a pooling with a single position is the whole map."""
    kernel = get_argument(node, "kernel_size")
    if kernel is None:
        return True
    sides = list(kernel) if isinstance(kernel, list | tuple) else [kernel]
    return (sides[0], sides[-1]) == layout.grid


def _refuse(node: fx.Node) -> InputError:
    if get_operator_name(node) == "getitem":  # one of several results of an operator
        node = _get_input(node)
    name = get_operator_name(node) or "the input"
    return InputError(
        "CAM needs a global average of maps, and after it one linear layer and nothing else.",
        f"{name} in {get_module_path(node) or 'the model itself'} stands in the way.",
        "Use grad_cam, which needs neither.",
    )


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    exported = explainer.exported
    maps, linear = find_averaged_maps(exported)
    weight = exported.read_parameter(linear.args[1] if isinstance(linear.args[1], fx.Node) else None)
    assert weight is not None
    value, logits = explainer.compute_values([maps, exported.output], images)
    chosen = torch.stack(
        [weight[t.class_id] - (0 if t.against is None else weight[t.against]) for t in targets]
    )  # (image, channel)
    relevance = torch.einsum("nc,nchw->nhw", chosen, exported.layouts[maps].view_maps(value))
    return Explanation(relevance, score(logits, targets), facts={"layer": get_module_path(maps)})


METHODS = (
    Method(
        name="cam",
        title="CAM",
        rank=410,
        family="signed",
        grid="layer",
        citation="Zhou et al. 2016, section 2",
        needs="A global average of maps, and after it one linear layer.",
        holds="The mean over positions is the score, less the bias of the linear layer.",
        compute=_compute,
    ),
)
