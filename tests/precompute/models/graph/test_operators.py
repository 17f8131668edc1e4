"""Names, shapes and kinds of operators, and operators whose influences go by gradient."""

from __future__ import annotations

import operator
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn

from precompute.aggregate.influence.gradient import GradientInfluence
from precompute.models.graph.operators import (
    compute_shape_for_one_image,
    compute_size_for_images,
    compute_size_for_one_image,
    find_reduced_axes,
    get_argument,
    get_module_path,
    get_operator_name,
    get_path_of_call,
    get_shape,
    is_first_of_several,
    is_free,
    is_movement,
    is_reduction,
    is_same_size,
    is_split,
    list_calls_around,
    reads_size_alone,
)
from precompute.models.graph.tracing import trace
from tests.support.between import Between, Deformed, Volume, record_link
from tests.support.small_graphs import ATEN, SmallGraph


def build_call(function: Any, *shapes: tuple[int, ...], arguments: tuple[Any, ...] = ()) -> fx.Node:
    """Builds a call of an operator with values of these shapes, and further arguments."""
    small = SmallGraph()
    return small.call(function, *(small.add_input(*shape) for shape in shapes), *arguments)


def test_an_operator_has_the_name_without_its_overload() -> None:
    small = SmallGraph()
    image = small.add_input(1, 3)
    assert get_operator_name(small.call(ATEN.add.Tensor, image, image)) == "add"
    assert get_operator_name(small.call(operator.getitem, small.call(ATEN.split.Tensor, image, 1, 1), 0)) == "getitem"
    assert get_operator_name(image) == get_operator_name(small.add_constant(torch.ones(1))) == ""


def test_an_argument_is_found_by_name_wherever_it_is_given() -> None:
    small = SmallGraph()
    image = small.add_input(1, 3)
    given, named = small.call(ATEN.sum.dim_IntList, image, [1]), small.call(ATEN.softmax.int, image, dim=1)
    assert get_argument(given, "dim") == [1]
    assert get_argument(given, "keepdim") is False, "the default of the schema"
    assert get_argument(named, "dim") == 1
    assert get_argument(given, "other") is None
    assert get_argument(image, "dim") is None


@pytest.mark.parametrize(
    ("dim", "expected"), [([-1], [3]), ([2, -1], [2, 3]), ([], [0, 1, 2, 3]), (None, [0, 1, 2, 3])], ids=str
)
def test_reduced_axes_are_counted_from_the_front(dim: list[int] | None, expected: list[int]) -> None:
    assert find_reduced_axes(build_call(ATEN.sum.dim_IntList, (1, 2, 3, 4), arguments=(dim,))) == expected


def test_the_greater_of_two_values_is_no_reduction() -> None:
    assert is_reduction(build_call(ATEN.max.dim, (2, 3), arguments=(1,)))
    assert is_reduction(build_call(ATEN.amax.default, (2, 3), arguments=([1],)))
    assert not is_reduction(build_call(ATEN.max.other, (2, 3), (2, 3)))
    assert not is_reduction(build_call(ATEN.maximum.default, (2, 3), (2, 3)))


def test_a_part_of_a_split_is_a_movement_and_the_split_is_none() -> None:
    small = SmallGraph()
    image = small.add_input(1, 4, 2, 2)
    split = small.call(ATEN.split.Tensor, image, 2, 1)
    part = small.call(operator.getitem, split, 0)
    assert is_split(split) and not is_movement(split)
    assert is_movement(part) and not is_first_of_several(part)


def test_the_first_result_of_a_batch_norm_is_the_main_one() -> None:
    small = SmallGraph()
    ones = [small.add_constant(torch.ones(4)) for _ in range(4)]
    image = small.add_input(1, 4, 2, 2)
    norm = small.call(ATEN._native_batch_norm_legit_no_training.default, image, *ones, 0.1, 1e-5)
    assert is_first_of_several(small.call(operator.getitem, norm, 0))
    assert not is_first_of_several(small.call(operator.getitem, norm, 1))
    assert not is_movement(small.call(operator.getitem, norm, 0))


def test_a_second_call_of_a_module_is_numbered_from_two() -> None:
    node = build_call(ATEN.relu.default, (1, 2))
    node.meta["nn_module_stack"] = {"L": ("", "Net"), "L.a@1": ("a", "Sequential"), "L.a.0": ("a.0", "ReLU")}
    assert list_calls_around(node) == ["a@2", "a.0"]
    assert [get_path_of_call(call) for call in list_calls_around(node)] == ["a", "a.0"]
    assert get_module_path(node) == "a.0"
    assert get_module_path(build_call(ATEN.relu.default, (1, 2))) == ""


class Sized(nn.Module):
    """Reads the size of the batch, and folds positions into its axis."""

    def forward(self, x: Tensor) -> Tensor:
        folded = x.movedim(1, 3).reshape(-1, x.shape[1])
        return folded.view(x.shape[0], -1) * torch.ones_like(x).mean()


@pytest.fixture(scope="module")
def sized() -> dict[str, fx.Node]:
    return {get_operator_name(node): node for node in trace(Sized(), (3, 4, 4)).graph.nodes}


def test_sizes_are_computed_for_any_number_of_images(sized: dict[str, fx.Node]) -> None:
    batch, folded = sized["movedim"].meta["val"].shape[0], sized["reshape"].meta["val"].shape[0]
    assert (compute_size_for_images(batch, 5), compute_size_for_images(folded, 5)) == (5, 80)
    assert (compute_size_for_one_image(folded), compute_size_for_one_image(7)) == (16, 7)
    assert get_shape(sized["reshape"]) == (-1, 3)
    assert compute_shape_for_one_image(sized["reshape"]) == (16, 3)


def test_comparing_sizes_leaves_the_batch_free(sized: dict[str, fx.Node]) -> None:
    batch, folded = sized["movedim"].meta["val"].shape[0], sized["reshape"].meta["val"].shape[0]
    assert is_same_size(batch, sized["view"].meta["val"].shape[0]) and is_same_size(3, 3)
    assert not is_same_size(batch, folded) and not is_same_size(batch, 2) and not is_same_size(3, 4)
    assert is_free(batch) and is_free(folded) and not is_free(3)


def test_operators_that_read_a_size_read_no_values(sized: dict[str, fx.Node]) -> None:
    assert reads_size_alone(sized["sym_size"]) and reads_size_alone(sized["ones_like"])
    assert not reads_size_alone(sized["reshape"])


# --- influences -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(3, 3, 8, 10, generator=torch.Generator().manual_seed(1))


class Maxout(nn.Module):
    """The greater of two convolutions, or of groups of channels of one."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way, self.one, self.other = way, nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(8, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.one(x), self.other(x)
        both = torch.stack([one, other], 2)
        return {
            "max": torch.max(one, other),
            "maximum": torch.maximum(one, other),
            "min": torch.min(one, other),
            "amax": both.amax(2),
            "max of an axis": both.max(dim=2).values,
            "min of an axis": both.min(2)[0],
        }[self.way]


BY_GRADIENT = {
    **{way: Maxout(way) for way in ("max", "maximum", "min", "amax", "max of an axis", "min of an axis")},
    "deformable": Deformed(),
    "volume": Volume(),
    "turned": nn.Sequential(nn.Conv2d(8, 24, 1), nn.PixelShuffle(2)),
}


@pytest.mark.parametrize("name", BY_GRADIENT)
def test_what_cannot_be_traced_is_recorded_and_goes_by_gradient(name: str, images: Tensor) -> None:
    model = Between(BY_GRADIENT[name], 6).eval()
    exported, values, link, measure = record_link(model, images)
    assert measure.name == "gradient"  # type: ignore[attr-defined]
    read = model.first(images).detach()
    made = model.second(read)
    assert (link.target.n_channels, link.target.height, link.target.width) == tuple(made.shape[1:])
    assert torch.allclose(values.find_maximum(link.target.node).activation, made.detach().flatten(2).amax(2), atol=1e-5)
    found = GradientInfluence(exported, link, 0.6)(values)
    for image in range(len(images)):
        source = read[image : image + 1].requires_grad_()
        activation = model.second(source)[0].flatten(1).amax(1)
        for channel in found[image].any(1).nonzero()[:, 0].tolist():
            (gradient,) = torch.autograd.grad(activation[channel], source, retain_graph=True)
            expected = (gradient * source)[0].sum((1, 2)).clamp_min(0)
            assert torch.allclose(found[image, channel], expected, rtol=1e-3, atol=1e-5)
    assert bool(found.any())
