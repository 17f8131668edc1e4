"""Products with a constant matrix: linear layers, `matmul` from either side, `einsum`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import fx

from precompute.models.graph.operators import get_operator_name, get_shape

_MATRIX_PRODUCTS = {"matmul", "mm", "bmm"}
ROW_BY_ROW = {*_MATRIX_PRODUCTS, "scaled_dot_product_attention"}
"""Products whose tokens are those of the first factor, as attention has one token for each query."""


@dataclass(frozen=True)
class Product:
    """A product of a value with a matrix.

    Attributes:
        source: the value.
        matrix: the factor, the same for every image.
        axis: the axis of the value along which sums are taken; the product has the sums along the same axis.
        is_transposed: the matrix has `(source, target)` entries, not `(target, source)`.
    """

    source: fx.Node
    matrix: fx.Node
    axis: int
    is_transposed: bool


def read_product(node: fx.Node, is_fed: Callable[[fx.Node], bool]) -> Product | None:
    """Reads a node as a product with a constant matrix; returns None where it is none.

    Args:
        node: the product.
        is_fed: returns True for values that depend on the image.
    """
    name = get_operator_name(node)
    if name not in _MATRIX_PRODUCTS | {"linear", "einsum"}:
        return None
    factors = node.args[1] if name == "einsum" else node.args[:2]
    if len(factors) != 2 or sum(map(is_fed, factors)) != 1:
        return None
    is_first = is_fed(factors[0])
    source, matrix = factors if is_first else factors[::-1]
    n_axes = len(get_shape(source) or ())
    if n_axes < 2 or len(get_shape(matrix) or ()) != 2:
        return None
    if name == "einsum":
        return _read_einsum(str(node.args[0]), source, matrix, is_first)
    return Product(source, matrix, n_axes - 1 if is_first else n_axes - 2, is_first and name != "linear")


def _read_einsum(equation: str, source: fx.Node, matrix: fx.Node, is_first: bool) -> Product | None:
    """Reads an `einsum` that replaces one index of the value by one of the matrix, such as `bchw,oc->bohw`."""
    read, _, made = equation.replace(" ", "").partition("->")
    value, entries = read.split(",") if is_first else read.split(",")[::-1]
    for axis, index in enumerate(value):
        if index in entries and len(set(entries)) == 2:
            (other,) = set(entries) - {index}
            if other not in value and made == value[:axis] + other + value[axis + 1 :]:
                return Product(source, matrix, axis, is_transposed=entries[0] == index)
    return None
