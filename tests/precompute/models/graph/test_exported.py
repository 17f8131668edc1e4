"""The exported graph of a model: its values, its weights, the outputs of its modules and parts of it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, fx, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.operators import get_operator_name


class Pair(nn.Module):
    """A module that returns two values."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x.relu(), x.abs()


class Net(nn.Module):
    """A convolution with a standardised weight, a module called twice, one that returns a pair, and one kernel."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.raw = nn.Parameter(torch.randn(4, 3, 3, 3))
        self.twice, self.pair, self.kernel = nn.Conv2d(4, 4, 1), Pair(), nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def standardize(self) -> Tensor:
        """Computes the weight of the first convolution."""
        return (self.raw - self.raw.mean((1, 2, 3), keepdim=True)) / self.raw.std((1, 2, 3), keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.conv2d(x, self.standardize())
        x = self.twice(self.twice(x).relu())
        one, other = self.pair(x)
        return self.head((one + other).mean((2, 3)) * self.kernel(x.mean((2, 3))))


@pytest.fixture(scope="module")
def net() -> Net:
    return Net().requires_grad_(False)


@pytest.fixture(scope="module")
def model(net: Net) -> ExportedModel:
    return ExportedModel(net, (3, 6, 6))


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(1))


def find(model: ExportedModel, name: str) -> fx.Node:
    """Finds the first node of an operator."""
    return next(node for node in model.graph.nodes if get_operator_name(node) == name)


def test_each_call_of_a_module_has_an_output_unless_it_returns_several(model: ExportedModel) -> None:
    outputs = model.find_outputs_of_modules()
    assert list(outputs) == ["twice", "twice@2", "kernel", "head"]
    assert outputs["twice"] is not outputs["twice@2"]
    assert outputs["head"] is model.output
    assert (model.output_layer, model.n_outputs, model.module_types["pair"]) == ("head", 2, "Pair")


def test_a_weight_that_is_computed_has_its_value(model: ExportedModel, net: Net) -> None:
    convolution = find(model, "conv2d")
    (weight,) = (node for node in convolution.all_input_nodes if not model.depends_on_input(node))
    assert weight.op == "call_function"
    torch.testing.assert_close(model.read_parameter(weight), net.standardize())
    assert model.read_parameter(None) is None
    assert [node.op for node in model.find_inputs(convolution)] == ["placeholder"]


def test_a_value_of_the_image_is_no_parameter(model: ExportedModel) -> None:
    node = model.find_outputs_of_modules()["kernel"]
    with pytest.raises(InputError, match=r"linear\w* in kernel is computed from the image\. Use --influence gradient"):
        model.read_parameter(node)


def test_a_part_of_the_graph_continues_from_given_values(model: ExportedModel, net: Net, images: Tensor) -> None:
    first = model.find_outputs_of_modules()["twice"]
    (value,) = model.build_sub_graph([first])(images)

    part = model.build_sub_graph([model.output, first], given=[first])
    logits, again = part(value)

    assert again is value
    torch.testing.assert_close(logits, net(images))
    names = [get_operator_name(node) for node in part.graph.nodes]
    assert names.count("conv2d") == 1, "the operators before the given value are left out"


def test_parts_of_the_graph_share_their_weights(model: ExportedModel) -> None:
    one, other = (model.build_sub_graph([model.output]) for _ in range(2))
    assert [weight.data_ptr() for weight in one.parameters()] == [weight.data_ptr() for weight in other.parameters()]


def test_another_output_removes_the_operators_after_it(images: Tensor) -> None:
    model = ExportedModel(nn.Sequential(nn.Flatten(), nn.Linear(108, 3), nn.ReLU(), nn.Linear(3, 2)), (3, 6, 6))
    hidden = model.find_outputs_of_modules()["2"]

    model.set_output(hidden)

    assert (model.n_outputs, model.output_layer) == (3, "1")
    assert list(model.find_outputs_of_modules()) == ["0", "1", "2"]
    assert model.build_sub_graph([model.output])(images)[0].shape == (2, 3)


def test_logits_that_ignore_the_image_are_refused() -> None:
    class Constant(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.ones(x.shape[0], 4)

    with pytest.raises(InputError, match=r"returns the same values whatever it sees\. Check what its forward returns"):
        ExportedModel(Constant(), (3, 6, 6))
