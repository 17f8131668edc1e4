"""Squeezes that would drop the axis of the batch, and gradients that a forward cuts off."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name
from precompute.models.graph.simplify import simplify
from tests.support.plain_net import SIZE, Forward, Net, compute_logits, require_same_as_plain
from tests.support.small_graphs import ATEN, SmallGraph


def squeeze_in_place(net: Net, x: Tensor) -> Tensor:
    features = net.compute_pooled(x)
    features.squeeze_()
    return net.head(features)


def mend_by_hand(net: Net, x: Tensor) -> Tensor:
    features = net.compute_pooled(x).squeeze()
    return net.head(features if features.dim() == 2 else features.unsqueeze(0))


BATCH_DROPPED: dict[str, Forward] = {
    "everything": lambda net, x: net.head(net.compute_pooled(x).squeeze()),
    "axes": lambda net, x: net.head(torch.squeeze(net.compute_pooled(x), (0, 2, 3))),
    "axis 0": lambda net, x: net.head(net.compute_pooled(x).flatten(1).squeeze(0)),
    "in place": squeeze_in_place,
    "the logits": lambda net, x: functional.conv2d(
        net.compute_pooled(x), net.head.weight[..., None, None], net.head.bias
    ).squeeze(),
    "mended by hand": mend_by_hand,
    "a branch on one image": lambda net, x: net.head(
        net.compute_pooled(x).view(-1)[None] if x.shape[0] == 1 else net.compute_pooled(x).flatten(1)
    ),
    "folded and unfolded": lambda net, x: net.head(net.compute_pooled(x).flatten(0).view(-1, 6)),
}


@pytest.mark.parametrize("name", BATCH_DROPPED)
def test_one_image_keeps_its_axis(name: str) -> None:
    require_same_as_plain(ExportedModel(Net(BATCH_DROPPED[name]), SIZE))


def name_operators(small: SmallGraph) -> list[str]:
    """Lists the names of the operators of a graph."""
    return [get_operator_name(node) for node in small.graph.nodes if node.op == "call_function"]


def test_a_squeeze_of_everything_names_the_axes_of_a_batch_of_several() -> None:
    small = SmallGraph()
    squeeze = small.call(ATEN.squeeze.default, small.add_input(2, 1, 3, 1))
    simplify(small.graph)
    assert (squeeze.target, squeeze.args[1]) == (ATEN.squeeze.dims, [1, 3])


def test_a_squeeze_keeps_the_axes_that_it_names_and_drops_no_other() -> None:
    small = SmallGraph()
    image = small.add_input(2, 1, 3, 1)
    named = small.call(ATEN.squeeze.dims, image, [-1, 2, 0])
    small.call(ATEN.relu.default, small.call(ATEN.squeeze.dim, image, 0))
    simplify(small.graph)
    assert named.args == (image, [3])
    assert name_operators(small) == ["squeeze", "relu"], "a squeeze of the batch alone is removed"


def test_a_detach_is_removed_unless_its_value_meets_itself_with_the_other_sign() -> None:
    small = SmallGraph()
    image = small.add_input(2, 3)
    rounded = small.call(ATEN.round.default, image)
    difference = small.call(ATEN.detach.default, small.call(ATEN.sub.Tensor, rounded, image))
    estimate = small.call(ATEN.add.Tensor, image, difference)
    small.call(ATEN.mul.Tensor, small.call(ATEN.detach.default, estimate), 2.0)
    simplify(small.graph)
    assert name_operators(small) == ["round", "sub", "detach", "add", "mul"]


def test_a_scaled_sum_is_no_straight_through_estimator() -> None:
    small = SmallGraph()
    image = small.add_input(2, 3)
    detached = small.call(ATEN.detach.default, image)
    small.call(ATEN.sub.Tensor, image, detached, alpha=2)
    simplify(small.graph)
    assert name_operators(small) == ["sub"]


# --- gradients --------------------------------------------------------------------------------------------------------


def compute_gradient(model: ExportedModel) -> Tensor:
    """Computes the gradient of the first logit with respect to the image."""
    images = torch.randn(1, *SIZE, generator=torch.Generator().manual_seed(1)).requires_grad_()
    return torch.autograd.grad(compute_logits(model, images)[0, 0], images)[0]


@torch.no_grad()
def compute_without_gradient(net: Net, x: Tensor) -> Tensor:
    return net.first(x)


CUT: dict[str, Forward] = {
    "detach": lambda net, x: net.head(net.second(net.first(x).detach()).mean((2, 3))),
    "data": lambda net, x: net.head(net.second(net.first(x).data).mean((2, 3))),
    "data of a parameter": lambda net, x: functional.linear(
        net.compute_maps(x).mean((2, 3)), net.head.weight.data, net.head.bias
    ),
    "no_grad": lambda net, x: net.head(net.second(compute_without_gradient(net, x)).mean((2, 3))),
    "twice": lambda net, x: net.head(net.compute_maps(x).detach().mean((2, 3)).detach()),
}


@pytest.mark.parametrize("name", CUT)
def test_gradients_pass_where_the_forward_cuts_them_off(name: str) -> None:
    model = ExportedModel(Net(CUT[name]).requires_grad_(False), SIZE)

    torch.testing.assert_close(
        compute_gradient(model), compute_gradient(ExportedModel(Net().requires_grad_(False), SIZE))
    )
    require_same_as_plain(model)


ESTIMATORS: dict[str, Callable[[Tensor], Tensor]] = {
    "added": lambda v: v + (torch.round(v) - v).detach(),
    "taken away": lambda v: v - (v - torch.round(v)).detach(),
    "in three parts": lambda v: torch.round(v).detach() - v.detach() + v,
    "data": lambda v: (torch.round(v) - v).data + v,
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_straight_through_estimator_keeps_its_gradient(name: str) -> None:
    estimate = ESTIMATORS[name]
    net = Net(lambda net, x: net.head(net.second(estimate(net.first(x))).mean((2, 3)))).requires_grad_(False)
    model = ExportedModel(net, SIZE)

    images = torch.randn(1, *SIZE, generator=torch.Generator().manual_seed(1)).requires_grad_()
    (expected,) = torch.autograd.grad(net(images)[0, 0], images)  # of the module as torch runs it
    assert bool(expected.any())
    torch.testing.assert_close(compute_gradient(model), expected)
