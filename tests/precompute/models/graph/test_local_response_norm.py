"""Local response normalization as one operator, against torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import fx
from torch.nn import functional

from precompute.models.graph.local_response_norm import (
    fuse_local_response_norms,
    normalize_local_response,
)
from precompute.models.graph.operators import get_operator_name


@pytest.mark.parametrize(("size", "beta"), [(5, 0.75), (4, 0.75), (3, 0.5), (1, 1.0)])
def test_local_response_norm_is_torchs(size: int, beta: float) -> None:
    inputs = torch.randn((2, 9, 4, 5), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mine, theirs = inputs.clone().requires_grad_(), inputs.clone().requires_grad_()
    weight = torch.randn((2, 9, 4, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = normalize_local_response(mine, size, 0.3, beta, 1.5)
    expected = functional.local_response_norm(theirs, size, 0.3, beta, 1.5)
    torch.testing.assert_close(found, expected)
    (found * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad)
    with torch.inference_mode():  # the way without gradients, one image after another
        together = normalize_local_response(inputs, size, 0.3, beta, 1.5)
        torch.testing.assert_close(together, expected.detach())
        assert torch.equal(together[1:], normalize_local_response(inputs[1:], size, 0.3, beta, 1.5))


Change = Callable[[dict[str, Any]], None]


def build_exported(change: Change | None = None) -> fx.GraphModule:
    """Builds the ten operators that torch exports for a window of 5 on `(2, 9, 4, 5)`, with one thing changed."""
    args: dict[str, Any] = {
        "pad": [0, 0, 0, 0, 2, 2],
        "window": [5, 1, 1],
        "stride": [1, 1, 1],
        "alpha": 0.3,
        "k": 1.5,
        "beta": 0.75,
        "numerator": "x",
    }
    if change is not None:
        change(args)
    aten, graph = torch.ops.aten, fx.Graph()
    x = graph.placeholder("x")
    square = graph.call_function(aten.mul.Tensor, (x, x))
    volume = graph.call_function(aten.view.default, (square, [2, 1, 9, 4, 5]))
    padded = graph.call_function(aten.pad.default, (volume, args["pad"]))
    pooled = graph.call_function(aten.avg_pool3d.default, (padded, args["window"], args["stride"]))
    squeezed = graph.call_function(aten.squeeze.dim, (pooled, 1))
    maps = graph.call_function(aten.view.default, (squeezed, [2, 9, 4, 5]))
    scaled = graph.call_function(aten.mul.Tensor, (maps, args["alpha"]))
    base = graph.call_function(aten.add.Tensor, (scaled, args["k"]))
    power = graph.call_function(aten.pow.Tensor_Scalar, (base, args["beta"]))
    numerator = {"x": x, "square": square}[args["numerator"]]
    graph.output(graph.call_function(aten.div.Tensor, (numerator, power)))
    return fx.GraphModule(torch.nn.Module(), graph)


def list_operators(module: fx.GraphModule) -> list[str]:
    """Lists the names of the operators of a graph in order."""
    return [get_operator_name(node) for node in module.graph.nodes if node.op == "call_function"]


def test_the_exported_operators_become_one_of_the_same_values() -> None:
    module = build_exported()
    inputs = torch.randn((2, 9, 4, 5), generator=torch.Generator().manual_seed(0))
    before = module(inputs)
    torch.testing.assert_close(before, functional.local_response_norm(inputs, 5, 0.3, 0.75, 1.5))
    fuse_local_response_norms(module)
    assert list_operators(module) == ["normalize_local_response"]
    torch.testing.assert_close(module(inputs), before)


@pytest.mark.parametrize(
    ("name", "value"),
    [("numerator", "square"), ("stride", [1, 1, 2]), ("window", [5, 1, 3]), ("pad", [0, 0, 0, 0, 1, 3])],
)
def test_a_division_that_is_another_operation_stays(name: str, value: Any) -> None:
    def change(args: dict[str, Any]) -> None:
        args[name] = value

    module = build_exported(change)
    before = list_operators(module)
    fuse_local_response_norms(module)
    assert list_operators(module) == before and before[-1] == "div"


def test_a_division_by_another_chain_stays() -> None:
    graph = fx.Graph()
    x = graph.placeholder("x")
    power = graph.call_function(torch.ops.aten.pow.Tensor_Scalar, (x, 2))
    graph.output(graph.call_function(torch.ops.aten.div.Tensor, (x, power)))
    module = fx.GraphModule(torch.nn.Module(), graph)
    fuse_local_response_norms(module)
    assert module(torch.tensor([2.0, 4.0])).tolist() == [0.5, 0.25]


def test_the_gradient_is_that_of_finite_differences() -> None:
    inputs = torch.randn((1, 4, 2, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: normalize_local_response(x, 3, 0.5, 0.6, 2.0), inputs.requires_grad_())
