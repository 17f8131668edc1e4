"""Products with a constant matrix, whichever operator writes them."""

from __future__ import annotations

import pytest
import torch
from torch import fx

from precompute.models.graph.products import Product, read_product
from tests.support.small_graphs import ATEN, SmallGraph


def build_product(operator: str, *shapes: tuple[int, ...]) -> tuple[SmallGraph, fx.Node, fx.Node, fx.Node]:
    """Builds a product of two values; `operator` names the constant one, as in ``matmul_second``."""
    small = SmallGraph()
    name, _, constant = operator.partition("_")
    factors = [
        small.add_constant(torch.ones(shape)) if constant == which else small.add_input(*shape)
        for which, shape in zip(("first", "second"), shapes, strict=True)
    ]
    return small, small.call(getattr(ATEN, name).default, *factors), *factors


def test_a_linear_layer_has_target_rows_and_sums_along_the_last_axis() -> None:
    small, node, source, matrix = build_product("linear_second", (1, 7, 3), (5, 3))
    assert read_product(node, small.is_fed) == Product(source, matrix, 2, is_transposed=False)


def test_a_matrix_to_the_right_has_source_rows() -> None:
    small, node, source, matrix = build_product("matmul_second", (1, 7, 3), (3, 5))
    assert read_product(node, small.is_fed) == Product(source, matrix, 2, is_transposed=True)


def test_a_matrix_to_the_left_sums_along_the_axis_before_the_last() -> None:
    small, node, matrix, source = build_product("matmul_first", (5, 7), (1, 7, 3))
    assert read_product(node, small.is_fed) == Product(source, matrix, 1, is_transposed=False)


@pytest.mark.parametrize(
    ("equation", "axis", "is_transposed"),
    [("bchw,oc->bohw", 1, False), ("bchw,co->bohw", 1, True), ("bchw, wk -> bchk", 3, True)],
)
def test_an_einsum_that_replaces_one_index(equation: str, axis: int, is_transposed: bool) -> None:
    small = SmallGraph()
    source, matrix = small.add_input(1, 4, 4, 4), small.add_constant(torch.ones(4, 4))
    node = small.call(ATEN.einsum.default, equation, [source, matrix])
    assert read_product(node, small.is_fed) == Product(source, matrix, axis, is_transposed)


def test_an_einsum_with_the_matrix_first() -> None:
    small = SmallGraph()
    matrix, source = small.add_constant(torch.ones(5, 4)), small.add_input(1, 4, 2, 2)
    node = small.call(ATEN.einsum.default, "oc,bchw->bohw", [matrix, source])
    assert read_product(node, small.is_fed) == Product(source, matrix, 1, is_transposed=False)


@pytest.mark.parametrize("equation", ["bchw,oc->bhwo", "bchw,cc->bchw", "bchw,cw->bhc", "bchw,oc->bchw"])
def test_an_einsum_that_does_more_is_no_product(equation: str) -> None:
    small = SmallGraph()
    source, matrix = small.add_input(1, 4, 4, 4), small.add_constant(torch.ones(4, 4))
    node = small.graph.call_function(ATEN.einsum.default, (equation, [source, matrix]))
    assert read_product(node, small.is_fed) is None


@pytest.mark.parametrize(
    ("operator", "shapes"),
    [
        ("matmul_none", ((1, 3, 3), (1, 3, 3))),
        ("bmm_second", ((1, 3, 3), (1, 3, 3))),
        ("matmul_second", ((3,), (3, 5))),
        ("add_second", ((1, 3), (1, 3))),
    ],
    ids=["two values of the image", "a matrix for each image", "a vector", "a sum"],
)
def test_other_operators_are_no_products_with_a_matrix(operator: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    small = SmallGraph()
    name, _, constant = operator.partition("_")
    first = small.add_input(*shapes[0])
    second = small.add_constant(torch.ones(shapes[1])) if constant == "second" else small.add_input(*shapes[1])
    overload = {"add": ATEN.add.Tensor}.get(name) or getattr(ATEN, name).default
    assert read_product(small.call(overload, first, second), small.is_fed) is None
