"""Continuity: a map that follows its image is smooth, one that does not is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from precompute.explanations.explainer import Explainer
from precompute.explanations.metrics.continuity import measure_continuity, shift_right
from precompute.explanations.metrics.subject import apply_method
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.reference.map_quality import compute_continuity


def test_shifting_repeats_the_first_column() -> None:
    assert shift_right(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), 2).tolist() == [[1.0, 1.0, 1.0, 2.0]]


@pytest.mark.parametrize("name", ["gradient", "simple_taylor"])
def test_equals_the_definition(explainer: Explainer, images: Tensor, name: str) -> None:
    method, targets = find_method(name), [Target(0), Target(1), Target(2), Target(0)]
    found = measure_continuity(apply_method(explainer, method, targets, batch_size=3), images, explainer.input_range, 2)
    for number in range(4):

        def explain(image: np.ndarray, of: int = number) -> np.ndarray:
            pixels = torch.from_numpy(image).float()[None]
            maps = method.flatten(method.explain(explainer, pixels, [targets[of]]).map)
            return maps[0].double().numpy()

        expected = compute_continuity(explain, images[number].double().numpy(), 2.0, 2)
        assert found[number].item() == pytest.approx(expected, rel=1e-4)


def test_a_map_that_moves_with_its_image_does_not_change(explainer: Explainer, images: Tensor) -> None:
    def follow(moved: Tensor, owners: Tensor) -> Tensor:
        return moved[:, 0]

    assert measure_continuity(follow, images, explainer.input_range, 3).tolist() == [0.0] * 4


def test_a_map_of_a_layers_grid_is_spread_over_the_image(explainer: Explainer, images: Tensor) -> None:
    def explain(moved: Tensor, owners: Tensor) -> Tensor:
        return torch.ones(len(moved), 2, 2)

    assert measure_continuity(explain, images, explainer.input_range, 2).tolist() == [0.0] * 4


def test_an_empty_map_and_a_plain_image_have_no_continuity(explainer: Explainer, images: Tensor) -> None:
    def explain(moved: Tensor, owners: Tensor) -> Tensor:
        return moved[:, 0] * torch.tensor([0.0, 1.0])[owners].view(-1, 1, 1)

    empty_and_full = measure_continuity(explain, images[:2], explainer.input_range, 2)
    assert empty_and_full.isnan().tolist() == [True, False]
    plain = torch.full((1, 3, 6, 6), 0.5)
    assert measure_continuity(lambda moved, _: moved[:, 0], plain, explainer.input_range, 2).isnan().all()
