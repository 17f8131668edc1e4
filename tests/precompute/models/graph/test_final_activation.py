"""Forwards that end in an activation, or return one value: logits and probabilities against the module's own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.contract.output_meanings import OUTPUT_ACTIVATIONS, describe_outputs
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.final_activation import OutputFacts
from precompute.models.graph.probabilities import rank_outputs
from precompute.models.layers.selection import select_layers

SIZE = (3, 12, 12)
IMAGES = torch.randn(5, *SIZE, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """A convolution, a linear layer, and a function `end` of its values."""

    def __init__(self, end: Callable[[Tensor], object], n_outputs: int = 4) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 8, 3)
        self.head = nn.Linear(8, n_outputs)
        with torch.no_grad():
            self.head.weight.mul_(8)
        self.end = end

    def compute_values(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).relu().mean((2, 3)))

    def forward(self, x: Tensor) -> object:
        return self.end(self.compute_values(x))


class Ending(NamedTuple):
    """An end of a forward, its name in the manifest, and the factor of the logits, where it is known."""

    end: Callable[[Tensor], object]
    activation: str | None
    factor: float | None = None


LOGARITHMS = ("log_softmax", "log_sigmoid")
SEVERAL: dict[str, Ending] = {
    "softmax": Ending(lambda x: x.softmax(1), "softmax", 1),
    "module": Ending(nn.Softmax(dim=-1), "softmax", 1),
    "in double precision": Ending(lambda x: functional.softmax(x, 1, dtype=torch.float64), "softmax", 1),
    "with a temperature": Ending(lambda x: (x / 3).softmax(1), "softmax", 1 / 3),
    "of a tuple": Ending(lambda x: (x.softmax(1), x), "softmax", 1),
    "of a dict": Ending(lambda x: {"scores": x.softmax(1), "n": 4}, "softmax", 1),
    "behind views": Ending(lambda x: x[:, :, None, None].softmax(1).clone().flatten(1), "softmax", 1),
    "clamped": Ending(lambda x: x.softmax(1).clamp(1e-7, 1 - 1e-7), "softmax", 1),
    "twice": Ending(lambda x: x.softmax(1).softmax(1), "softmax"),
    "exp of log-softmax": Ending(lambda x: functional.log_softmax(x, 1).exp(), "softmax", 1),
    "log-softmax": Ending(nn.LogSoftmax(1), "log_softmax", 1),
    "log of softmax": Ending(lambda x: (x.softmax(1) + 1e-12).log(), "log_softmax", 1),
    "log-softmax by hand": Ending(lambda x: x - x.logsumexp(1, keepdim=True), "log_softmax"),
    "softmax by hand": Ending(lambda x: x.exp() / x.exp().sum(1, keepdim=True), "probabilities"),
    "mean of two softmaxes": Ending(lambda x: (x.softmax(1) + (x / 2).softmax(1)) / 2, "probabilities"),
    "sigmoid": Ending(torch.sigmoid, "sigmoid", 1),
    "log-sigmoid": Ending(nn.LogSigmoid(), "log_sigmoid", 1),
    "sigmoid by hand": Ending(lambda x: 1 / (1 + (-x).exp()), "single_probabilities", 1),
    "hard sigmoid": Ending(functional.hardsigmoid, "single_probabilities"),
    "some of a softmax": Ending(lambda x: x.softmax(1)[:, 1:], "single_probabilities"),
    "nothing": Ending(lambda x: x, None, 1),
    "a scale": Ending(lambda x: x * 5 / 2, None, 2.5),
    "a clamp": Ending(lambda x: x.clamp(-9, 9), None),
    "tanh": Ending(torch.tanh, None),
    "ReLU": Ending(torch.relu, None),
}


def export_and_compute(net: Net) -> tuple[ExportedModel, Tensor, Tensor]:
    """Exports a model, and computes its logits and their probabilities."""
    model = ExportedModel(net.eval().requires_grad_(False), SIZE)
    (logits,) = model.build_sub_graph([model.output])(IMAGES)
    return model, logits, model.outputs.probabilities.compute_for_outputs(logits.double())


def compute_returned(net: Net) -> Tensor:
    found = net(IMAGES)
    found = found[0] if isinstance(found, tuple) else found["scores"] if isinstance(found, dict) else found
    assert isinstance(found, Tensor)
    return found.double()


@pytest.mark.parametrize("name", SEVERAL)
def test_probabilities_are_what_the_forward_says(name: str) -> None:
    ending = SEVERAL[name]
    net = Net(ending.end)

    model, logits, probabilities = export_and_compute(net)

    assert model.outputs == OutputFacts(ending.activation)
    returned = compute_returned(net)
    if ending.activation is None:
        expected = returned.softmax(1)
    else:
        expected = returned.exp() if ending.activation in LOGARITHMS else returned
    torch.testing.assert_close(probabilities, expected, rtol=0, atol=2e-7)
    in_order = expected.gather(1, rank_outputs(logits))
    torch.testing.assert_close(in_order, expected.sort(1, descending=True).values, rtol=0, atol=2e-7)
    if ending.factor is not None:
        torch.testing.assert_close(logits, ending.factor * net.compute_values(IMAGES), rtol=1e-5, atol=1e-4)
    assert model.output_layer == "head"
    assert [layer.name for layer in select_layers(model)] == ["conv"]
    assert set(model.find_outputs_of_modules()) == {"conv", "head"}, "what was taken out is no layer"


def test_parts_of_a_hundred_are_probabilities() -> None:
    net = Net(lambda x: 100 * x.softmax(1))
    _, _, probabilities = export_and_compute(net)
    torch.testing.assert_close(probabilities, compute_returned(net) / 100, rtol=0, atol=2e-7)


ONE: dict[str, Ending] = {
    "(batch, 1)": Ending(lambda x: x, None, 1),
    "(batch,)": Ending(lambda x: x[:, 0], None, 1),
    "squeezed": Ending(lambda x: x.squeeze(1), None, 1),
    "squeezed of everything": Ending(lambda x: x.squeeze(), None, 1),
    "called logits": Ending(lambda x: {"logits": x.flatten(), "maps": None}, None, 1),
    "clamped": Ending(lambda x: x.clamp(-50, 50), None, 1),
    "sigmoid": Ending(torch.sigmoid, "sigmoid", 1),
    "sigmoid, squeezed": Ending(lambda x: x.sigmoid().squeeze(-1), "sigmoid", 1),
    "log-sigmoid": Ending(functional.logsigmoid, "log_sigmoid", 1),
    "sigmoid by hand": Ending(lambda x: 1 / (1 + (-x[:, 0]).exp()), "single_probabilities", 1),
}


@pytest.mark.parametrize("name", ONE)
def test_one_logit_is_a_sigmoid_of_two_classes(name: str) -> None:
    ending = ONE[name]
    net = Net(ending.end, n_outputs=1)

    model, logits, probabilities = export_and_compute(net)

    assert model.outputs == OutputFacts(ending.activation, has_one_logit=True)
    assert model.n_outputs == 2
    assert torch.count_nonzero(logits[:, 0]) == 0
    assert [layer.name for layer in select_layers(model)] == ["conv"]
    torch.testing.assert_close(logits[:, 1:], net.compute_values(IMAGES), rtol=1e-4, atol=1e-4)
    expected = net.compute_values(IMAGES).double().sigmoid()
    torch.testing.assert_close(probabilities, torch.cat([1 - expected, expected], 1), rtol=0, atol=2e-7)
    alone = model.build_sub_graph([model.output])(IMAGES[:1])[0]
    torch.testing.assert_close(alone, logits[:1])


def test_two_of_one_softmax_that_return_one_are_its_probability() -> None:
    net = Net(lambda x: x.softmax(1)[:, 1], n_outputs=2)
    _, _, probabilities = export_and_compute(net)
    torch.testing.assert_close(probabilities[:, 1], compute_returned(net), rtol=0, atol=2e-7)


REFUSED: dict[str, tuple[Callable[[Tensor], object], int, str]] = {
    "softmax over the batch": (lambda x: x.softmax(0), 4, r"softmax over axis 0 of \(batch, 4\).*dim=1"),
    "log-softmax over the batch": (
        lambda x: functional.log_softmax(x[:, :, None], 0).flatten(1),
        4,
        r"log_softmax over axis 0 of \(batch, 4, 1\)",
    ),
    "softmax over positions": (lambda x: x[:, :, None, None].softmax(2).flatten(1), 4, r"return 1 whatever"),
    "softmax of one output": (lambda x: x.softmax(1), 1, r"return 1 whatever.*softmax over a single value"),
    "log-softmax of one output": (lambda x: functional.log_softmax(x, 1), 1, r"return 0 whatever"),
    "the class alone": (lambda x: x.argmax(1), 4, r"a tensor \(batch\) of int64"),
    "one value beside others": (lambda x: (x[:, :, None], x[:, 0]), 4, r"a tuple of a tensor \(batch, 4, 1\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_says_nothing_of_an_image_is_refused(name: str) -> None:
    end, n_outputs, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        ExportedModel(Net(end, n_outputs), SIZE)


def test_masked_outputs_are_known() -> None:
    mask = torch.tensor([False, False, True, False])
    model, logits, probabilities = export_and_compute(Net(lambda x: x.masked_fill(mask, -torch.inf).softmax(1)))
    assert model.outputs == OutputFacts("softmax", masks=True)
    assert bool(torch.isneginf(logits[:, 2]).all()) and float(probabilities[:, 2].max()) == 0


def test_every_activation_is_said_in_words() -> None:
    facts = [OutputFacts(activation, one) for activation in (None, *OUTPUT_ACTIVATIONS) for one in (False, True)]
    said = [describe_outputs(each.to_dict()) for each in facts]
    assert said[0] == "" and describe_outputs({}) == ""
    assert all(text.endswith(".") for text in said[1:])
    assert all("output 1" in text for text in said[1::2])
    known = {activation for each in facts if (activation := each.to_dict()["output_activation"])}
    assert known == set(OUTPUT_ACTIVATIONS)
