"""The methods `grad_cam` and `grad_cam_plus_plus`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.methods.grad_cam import choose_layer, weigh_channels
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.reference.maps import explain_by_grad_cam, weigh_plus_plus
from tests.support.explained import build_explainer

TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


@pytest.mark.parametrize("layer", ["first", "second"])
def test_grad_cam_weights_maps_by_their_mean_gradients(explainer: Explainer, images: Tensor, layer: str) -> None:
    found = find_method("grad_cam").explain(explainer, images, TARGETS, {"layer": layer})
    values, gradients, scores = explainer.read_layer(layer, images, TARGETS)
    for number in range(4):
        weights = [float(each.mean()) for each in gradients[number]]
        torch.testing.assert_close(found.map[number], explain_by_grad_cam(values[number], weights))
    torch.testing.assert_close(found.scores, scores)
    assert found.facts["layer"] == layer


@pytest.mark.parametrize("layer", ["first", "second"])
def test_plus_plus_weights_maps_by_its_definition(explainer: Explainer, images: Tensor, layer: str) -> None:
    found = find_method("grad_cam_plus_plus").explain(explainer, images, TARGETS, {"layer": layer})
    values, gradients, _ = explainer.read_layer(layer, images, TARGETS)
    for number in range(4):
        weights = weigh_plus_plus(values[number].double(), gradients[number].double())
        expected = explain_by_grad_cam(values[number], weights)
        torch.testing.assert_close(found.map[number], expected, rtol=1e-4, atol=1e-6)


def test_plus_plus_by_hand() -> None:
    values = torch.tensor([[[[1.0, 3.0]], [[0.0, 2.0]]]])
    gradients = torch.tensor([[[[0.5, 0.0]], [[-1.0, 1.0]]]])
    # 0.25 / (0.5 + 4 * 0.125) * 0.5; and 1 / (2 + 2) * 1, while the negative gradient has no weight.
    assert weigh_channels(values, gradients).tolist() == [[0.125, 0.25]]


def test_the_default_is_the_last_layer_with_positions() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    explainer = build_explainer(module, (3, 6, 6), ("0", "2"))
    assert choose_layer(explainer) == "0"
    with pytest.raises(InputError, match=r"positions in the image\. 2 has none\. Take one of 0\."):
        choose_layer(explainer, "2")
    with pytest.raises(InputError, match=r"There is no third"):
        choose_layer(explainer, "third")
    none = build_explainer(module, (3, 6, 6), ("2",))
    with pytest.raises(InputError, match=r"None of the recorded layers has\."):
        choose_layer(none)


def test_a_map_without_evidence_is_empty_and_says_so() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        module[4].weight.copy_(torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    explainer = build_explainer(module, (3, 2, 2), ("0",))
    image = torch.rand(1, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    found = find_method("grad_cam").explain(explainer, image, [Target(0)])
    assert found.map.abs().max() == 0
    assert "No position" in found.note or "no position" in found.note
    assert found.facts["empty"] == [0]
