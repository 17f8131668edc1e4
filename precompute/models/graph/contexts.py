"""Replacement of context managers in an exported program by the operators inside them.

`torch.export` writes `with torch.enable_grad():` or `with torch.autocast(...):` as one operator that calls a sub-graph.
Both can go: precompute itself decides on recording gradients, and a model computes in float32 everywhere.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from torch import fx

from precompute.models.graph.operators import get_operator_name

__all__ = ["inline_contexts"]

_CONTEXTS = {"wrap_with_set_grad_enabled", "wrap_with_autocast"}


def inline_contexts(traced: fx.GraphModule) -> None:
    """Replaces every context manager by its operators; their paths of modules and the precision of their values stay.

    Args:
        traced: the program before it is decomposed, since decomposing drops the paths inside; it is changed.
    """
    while found := [node for node in traced.graph.nodes if get_operator_name(node) in _CONTEXTS]:
        for node in found:
            _inline(traced, node)
    traced.recompile()


def _inline(owner: fx.GraphModule, context: fx.Node) -> None:
    """Replaces one context manager by a copy of its operators."""
    index = next(i for i, a in enumerate(context.args) if isinstance(a, fx.Node) and _is_graph(owner, a))
    held = context.args[index]
    assert isinstance(held, fx.Node)
    inner: fx.GraphModule = attrgetter(str(held.target))(owner)
    copies: dict[fx.Node, Any] = {}
    operands = iter(context.args[index + 1 :])
    with owner.graph.inserting_before(context):
        for node in inner.graph.nodes:
            if node.op == "placeholder":
                copies[node] = next(operands)
            elif node.op == "output":
                _replace_results(context, fx.node.map_arg(node.args[0], copies.__getitem__))
            else:
                copies[node] = owner.graph.node_copy(node, copies.__getitem__)
                if node.op == "get_attr":  # belongs to a context within this one
                    copies[node].target = f"{held.target}.{node.target}"
    owner.graph.erase_node(context)
    if not held.users:
        owner.graph.erase_node(held)


def _is_graph(owner: fx.GraphModule, node: fx.Node) -> bool:
    return node.op == "get_attr" and isinstance(attrgetter(str(node.target))(owner), fx.GraphModule)


def _replace_results(context: fx.Node, results: Any) -> None:
    """Replaces every part of the tuple that a context returns by the value itself."""
    for reader in list(context.users):
        assert get_operator_name(reader) == "getitem"
        reader.replace_all_uses_with(results[reader.args[1]])
        reader.graph.erase_node(reader)
