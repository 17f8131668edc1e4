"""The errors for operators that cannot be traced, which name the operator and its module."""

from __future__ import annotations

from collections.abc import Collection

from torch import fx

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import ELEMENTWISE, get_module_path, get_operator_name, is_movement

__all__ = ["build_direction_error", "build_mixing_error", "find_mixing_operator"]


def build_mixing_error(model: ExportedModel, node: fx.Node) -> InputError:
    """Builds the error for an operator that mixes channels and is neither a convolution nor linear."""
    return _build_error(model, node, "mixes channels otherwise")


def build_direction_error(model: ExportedModel, node: fx.Node) -> InputError:
    """Builds the error for an operator that may raise a channel as well as lower it."""
    return _build_error(model, node, "may raise a channel as well as lower it, so that what feeds it has no one sign")


def find_mixing_operator(
    model: ExportedModel, node: fx.Node, fed: Collection[fx.Node], stops: Collection[fx.Node]
) -> fx.Node:
    """Finds the operator to name for a value that cannot be traced.

    For a view that scatters channels this is an operator before it, because attention splits channels into heads by
    views.

    Args:
        model: the model.
        node: the value.
        fed: values that recorded layers feed; others are not gone back to.
        stops: recorded layers, where the search ends.
    """
    while (is_movement(node) or get_operator_name(node) in {*ELEMENTWISE, "linear"}) and node not in stops:
        lost = [n for n in node.all_input_nodes if n in fed and n not in model.layouts]
        if not lost:
            break
        node = lost[0]
    return node


def _build_error(model: ExportedModel, node: fx.Node, does: str) -> InputError:
    path = get_module_path(node)
    kind = model.module_types.get(path, "")
    where = f"{path} ({kind})" if path else "the model's forward"
    return InputError(
        "Traced influence follows convolutions, linear layers, sums and whatever keeps channels apart and has one "
        "direction.",
        f"{where} calls {get_operator_name(node) or node.op}, which {does}.",
        "Use --influence gradient, or auto, which takes gradients only where nothing can be traced; "
        "or record a layer on each side of it with --layers.",
    )
