"""The method `gradient`."""

from __future__ import annotations

import torch
from torch import Tensor

from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target


def test_the_map_is_the_gradient_and_is_shown_by_its_greatest_colour(explainer: Explainer, images: Tensor) -> None:
    method = find_method("gradient")
    targets = [Target(2)] * 4
    found = method.explain(explainer, images, targets)
    gradient, scores = explainer.differentiate(images, targets)
    torch.testing.assert_close(found.map, gradient)
    torch.testing.assert_close(found.scores, scores)
    torch.testing.assert_close(method.flatten(found.map), gradient.abs().amax(1))
