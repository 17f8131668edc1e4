"""Rewrites operators of an exported graph that serve training only, or batches of several images only."""

from __future__ import annotations

from collections import Counter

import torch
from torch import fx

from precompute.models.graph.operators import get_operator_name

__all__ = ["simplify"]

_DETACHING = {"detach", "alias"}


def simplify(graph: fx.Graph) -> None:
    """Names the axes that squeezes drop, and lets gradients through where the forward cuts them off.

    A squeeze of everything also drops the axis of the batch when the batch is one image. It is rewritten to name the
    axes that have length one in a batch of several. A forward may cut off a frozen backbone (`detach`) to save training
    time, but influences and pictures need its gradients. Straight-through estimators stay as they are, since gradients
    pass beside their detached part.

    Args:
        graph: functional, with the values of a batch of several images in `meta`; it is changed.
    """
    kept = _find_straight_through(graph)
    for node in list(graph.nodes):
        name = get_operator_name(node)
        if name == "squeeze":
            _name_axes(node)
        elif name in _DETACHING and node not in kept:
            _drop(node)


def _name_axes(squeeze: fx.Node) -> None:
    """Rewrites a squeeze so that it names the axes of length one in a batch of several images."""
    source = squeeze.args[0]
    assert isinstance(source, fx.Node)
    sizes = source.meta["val"].shape
    asked = squeeze.args[1] if len(squeeze.args) > 1 else list(range(len(sizes)))
    axes = {axis % len(sizes) for axis in (asked if isinstance(asked, list | tuple) else [asked])}
    dropped = sorted(axis for axis in axes if isinstance(sizes[axis], int) and sizes[axis] == 1)
    if not dropped:
        _drop(squeeze)
        return
    squeeze.target = torch.ops.aten.squeeze.dims
    squeeze.args = (source, dropped)


def _drop(node: fx.Node) -> None:
    """Removes a node; its readers read its first operand."""
    source = node.args[0]
    assert isinstance(source, fx.Node)
    node.replace_all_uses_with(source)
    node.graph.erase_node(node)


def _find_straight_through(graph: fx.Graph) -> set[fx.Node]:
    """Finds the detached values of straight-through estimators, `x + (q - x).detach()` (Bengio et al. 2013).

    Such a sum holds a value and the same value detached, with opposite signs: only its gradient remains.
    """
    kept: set[fx.Node] = set()
    if not any(get_operator_name(node) == "detach" for node in graph.nodes):
        return kept
    sums: dict[fx.Node, _Sum] = {}
    for node in graph.nodes:
        sums[node] = _add_up(node, sums)
        if sums[node].cancels():
            kept |= sums[node].detached_by
    return kept


class _Sum:
    """A value as a sum of others.

    Attributes:
        live: how often each value is added with its gradient.
        detached: how often each value is added without its gradient.
        detached_by: the nodes that detach a part of the sum.
    """

    def __init__(self) -> None:
        self.live: Counter[fx.Node] = Counter()
        self.detached: Counter[fx.Node] = Counter()
        self.detached_by: set[fx.Node] = set()

    def add(self, other: _Sum, sign: int) -> None:
        """Adds another sum, times `sign`, to this one."""
        for mine, theirs in ((self.live, other.live), (self.detached, other.detached)):
            for value, count in theirs.items():
                mine[value] += sign * count
        self.detached_by |= other.detached_by

    def cancels(self) -> bool:
        """Returns True where only the gradient of some value remains."""
        return any(count and count == -self.detached[value] for value, count in self.live.items())


def _add_up(node: fx.Node, sums: dict[fx.Node, _Sum]) -> _Sum:
    """Writes a value as a sum, from the sums of its operands."""
    found, name = _Sum(), get_operator_name(node)
    operands = [one for one in node.args if isinstance(one, fx.Node)]
    if name in {"add", "sub"} and len(operands) == len(node.args) and not node.kwargs:
        found.add(sums[operands[0]], 1)
        found.add(sums[operands[1]], 1 if name == "add" else -1)
    elif name == "neg":
        found.add(sums[operands[0]], -1)
    elif name in _DETACHING:
        found.add(sums[operands[0]], 1)
        if name == "detach":
            for value, count in found.live.items():
                found.detached[value] += count
            found.live, found.detached_by = Counter(), {*found.detached_by, node}
    else:
        found.live[node] = 1
    return found
