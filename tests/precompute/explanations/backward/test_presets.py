"""The choice of a rule for every layer."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.explanations.backward.presets import PRESETS, choose_rules, find_preset
from precompute.models.graph.exported import ExportedModel


class Net(nn.Module):
    """Two stems beside each other, a block of two convolutions, a class."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1)
        self.block = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1))
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        mixed = (self.left(2 * x) + self.right(x)).relu()
        return self.head(self.block(mixed).mean((2, 3)))


@pytest.fixture(scope="module")
def model() -> ExportedModel:
    return ExportedModel(Net(), (3, 6, 6))


def test_layers_next_to_the_image_have_the_first_rule(model: ExportedModel) -> None:
    found = [str(rule) for rule in choose_rules(model, PRESETS["epsilon_gamma_box"]).values()]
    assert found == ["z_box", "z_box", "gamma:0.25", "gamma:0.25", "epsilon:1e-06"]
    found = [str(rule) for rule in choose_rules(model, PRESETS["alpha2_beta1"]).values()]
    assert found == [*["alpha_beta:2,1"] * 4, "epsilon:1e-06"]


def test_a_rule_of_a_module_goes_before_that_of_the_preset(model: ExportedModel) -> None:
    own = {"block": "z_plus", "block.2": "gamma:1", "right": "w_square"}
    found = [str(rule) for rule in choose_rules(model, PRESETS["epsilon"], own).values()]
    assert found == ["epsilon:1e-06", "w_square", "z_plus", "gamma:1", "epsilon:1e-06"]


def test_unknown_names_are_refused_with_the_nearest(model: ExportedModel) -> None:
    with pytest.raises(InputError, match=r"Found epsilon_gama_box\. Did you mean epsilon_gamma_box\?"):
        find_preset("epsilon_gama_box")
    with pytest.raises(InputError, match=r"by the path of a module.*Found blok\. Near it: block"):
        choose_rules(model, PRESETS["epsilon"], {"blok": "flat"})
