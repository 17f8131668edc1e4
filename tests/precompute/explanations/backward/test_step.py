"""One operator of a walk: its values, itself with other values, and its vector-Jacobian product."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.explanations.backward.step import Step
from precompute.explanations.explainer import Explainer
from precompute.models.graph.operators import get_operator_name
from tests.support.explained import build_explainer


class Mixed(nn.Module):
    """A split, a batch norm, a product with itself and a sum with a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.norm(x).split(2, 1)
        return (first * first + 2 * second.round()).sum((2, 3))


@pytest.fixture(scope="module")
def explainer() -> Explainer:
    return build_explainer(Mixed(), (4, 2, 2))


IMAGE = torch.arange(16.0).view(1, 4, 2, 2)


def make_step(explainer: Explainer, operator: str) -> Step:
    (node,) = [node for node in explainer.exported.graph.nodes if get_operator_name(node) == operator][:1]
    return Step(explainer.exported, node, explainer.record(IMAGE))


def test_a_batch_norm_has_its_first_result(explainer: Explainer) -> None:
    step = make_step(explainer, "_native_batch_norm_legit_no_training")
    torch.testing.assert_close(step.output, IMAGE / (1 + 1e-5) ** 0.5)
    assert step.get("eps") == 1e-5
    assert step.get("running_mean").tolist() == [0.0] * 4
    torch.testing.assert_close(step.apply({step.inputs[0]: 2 * IMAGE}), 2 * step.output)


def test_a_split_has_a_signal_for_each_part(explainer: Explainer) -> None:
    step = make_step(explainer, next(n for n in ("split_with_sizes", "split") if has(explainer, n)))
    signal = torch.ones(1, 2, 2, 2)
    (found,) = step.pull([None, signal])
    assert found is not None
    assert found.flatten(2).sum(2).tolist() == [[0.0, 0.0, 4.0, 4.0]]


def has(explainer: Explainer, operator: str) -> bool:
    return any(get_operator_name(node) == operator for node in explainer.exported.graph.nodes)


def test_an_input_that_is_read_twice_is_one(explainer: Explainer) -> None:
    step = make_step(explainer, "mul")
    assert len(step.inputs) == 1
    (found,) = step.pull(torch.ones(1, 2, 2, 2))
    torch.testing.assert_close(found, 2 * step.input_values[0])
    assert step.pull(torch.ones(1, 2, 2, 2), [None]) == [None], "held constant"


def test_an_error_names_operator_and_module(explainer: Explainer) -> None:
    step = make_step(explainer, "_native_batch_norm_legit_no_training")
    message = str(step.build_refusal("LRP"))
    assert "It does not apply to the operator _native_batch_norm_legit_no_training in norm" in message
