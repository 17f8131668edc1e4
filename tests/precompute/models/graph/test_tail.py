"""The operators after the last weights, and their values at random values of these."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import fx, nn

from precompute.contract.errors import InputError
from precompute.models.graph.tail import Tail
from tests.support.small_graphs import ATEN, SmallGraph


class Ending:
    """A graph that can be read and whose output can be moved: a linear layer, and an end built by `build`.

    Args:
        build: adds the end to the graph and returns its output.
    """

    def __init__(self, build: Callable[[SmallGraph, fx.Node], fx.Node]) -> None:
        self.small = SmallGraph()
        self.input = self.small.add_input(4, 3)
        self.last = self.small.call(ATEN.linear.default, self.input, self.small.add_constant(torch.ones(5, 3)))
        self.output = build(self.small, self.last)

    @property
    def graph(self) -> fx.Graph:
        return self.small.graph

    @property
    def n_outputs(self) -> int:
        return self.output.meta["val"].shape[-1]

    def find_inputs(self, node: fx.Node) -> list[fx.Node]:
        """Finds the image-dependent values that a node reads."""
        return [one for one in node.all_input_nodes if self.small.is_fed(one)]

    def set_output(self, node: fx.Node) -> None:
        """Makes another value the output."""
        self.output = node

    def build_sub_graph(self, nodes: list[fx.Node], given: list[fx.Node] | None = None) -> fx.GraphModule:
        """Builds a module that computes values from others."""
        graph, copies = fx.Graph(), {}
        for node in given or [self.input]:
            copies[node] = graph.placeholder(node.name)
        for node in self.graph.nodes:
            if node not in copies and node.op == "call_function" and all(one in copies for one in node.all_input_nodes):
                copies[node] = graph.node_copy(node, copies.__getitem__)
        graph.output(tuple(copies[node] for node in nodes))
        return fx.GraphModule(nn.Module(), graph)


class AnyBatch:
    """A value whose first size is that of any batch."""

    def __init__(self, n: int) -> None:
        self.shape: tuple[object, int] = (object(), n)


def end_in_softmax(small: SmallGraph, value: fx.Node) -> fx.Node:
    """Adds a scale and a softmax."""
    return small.call(ATEN._softmax.default, small.call(ATEN.div.Tensor, value, 3.0), 1, False)


def test_the_tail_starts_after_the_last_weights() -> None:
    ending = Ending(end_in_softmax)
    tail = Tail(ending)
    assert [node.target for node in tail.nodes] == [ATEN._softmax.default, ATEN.div.Tensor]
    assert not tail.is_plain


@pytest.mark.parametrize(
    ("build", "is_plain"),
    [
        (lambda small, value: value, True),
        (lambda small, value: small.call(ATEN.mul.Tensor, small.call(ATEN.relu.default, value), 2.0), True),
        (lambda small, value: small.call(ATEN.div.Tensor, value, 2.0), True),
        (lambda small, value: small.call(ATEN.div.Tensor, value, small.call(ATEN.exp.default, value)), False),
        (lambda small, value: small.call(ATEN.sigmoid.default, value), False),
    ],
    ids=["nothing", "scaled ReLU", "temperature", "quotient of two values", "sigmoid"],
)
def test_scales_make_no_probabilities(build: Callable[[SmallGraph, fx.Node], fx.Node], is_plain: bool) -> None:
    assert Tail(Ending(build)).is_plain == is_plain


def test_a_tail_is_evaluated_at_the_same_values_of_three_scales_each_time() -> None:
    ending = Ending(end_in_softmax)
    tail = Tail(ending)

    last, output = tail.evaluate(ending.last), tail.evaluate(ending.output)

    assert last.shape == (12, 5) and last.dtype == torch.float64
    torch.testing.assert_close(output, (last / 3).softmax(1), rtol=0, atol=1e-6)
    assert torch.equal(last, tail.evaluate(ending.last))
    spread = last.view(3, -1).std(1)
    assert bool((spread[1:] > 2 * spread[:-1]).all()), "small values and large ones"


def test_a_softmax_over_the_batch_is_refused_and_one_over_classes_is_not() -> None:
    def build(axis: int) -> Callable[[SmallGraph, fx.Node], fx.Node]:
        return lambda small, value: small.call(ATEN._softmax.default, value, axis, False)

    over_batch = Ending(build(0))
    over_batch.last.meta["val"] = AnyBatch(5)
    with pytest.raises(InputError, match=r"The forward takes a softmax over axis 0 of \(batch, 5\)"):
        Tail(over_batch).require_images_apart()
    Tail(Ending(build(1))).require_images_apart()
