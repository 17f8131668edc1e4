"""The operands on the main path of a product or a quotient, without the gates."""

from __future__ import annotations

from torch import fx

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import ELEMENTWISE, SQUASHING, get_operator_name, get_shape, is_first_of_several


def find_main_inputs(model: ExportedModel, node: fx.Node) -> list[fx.Node]:
    """Finds the operands that carry a value's channels at their positions.

    A quotient has its dividend. A product has the operand of full size where the other one is a factor per channel or
    per position. Where both are of full size, it has the one that is not squashed, by a sigmoid for example. A product
    of two equals and every other operator have all their operands.
    """
    operands = list(dict.fromkeys(model.find_inputs(node)))
    if get_operator_name(node) == "div":
        return operands[:1] if node.args[0] in operands else operands
    if get_operator_name(node) != "mul" or len(operands) < 2:
        return operands
    full = [operand for operand in operands if get_shape(operand) == get_shape(node)]
    if len(full) == 1:
        return full
    open_ones = [operand for operand in operands if not _is_squashed(model, operand)]
    return open_ones if len(open_ones) == 1 else operands


def _is_squashed(model: ExportedModel, node: fx.Node) -> bool:
    """Checks that a value comes out of a squashing function, perhaps scaled by constants afterwards."""
    while get_operator_name(node) not in SQUASHING:
        inputs = model.find_inputs(node)
        passes = get_operator_name(node) in ELEMENTWISE | {"mul", "div", "add", "sub"} or is_first_of_several(node)
        if len(inputs) != 1 or not passes:
            return False
        node = inputs[0]
    return True
