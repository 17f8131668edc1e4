"""The method `smoothgrad`: a mean gradient that one seed fixes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.methods.smoothgrad import draw_noise
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.reference.maps import explain_with_noise

METHOD = find_method("smoothgrad")
TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


def test_equals_the_mean_over_copies_one_by_one(explainer: Explainer, small: nn.Module, images: Tensor) -> None:
    found = METHOD.explain(explainer, images, TARGETS, {"samples": 6, "batch_size": 5})
    noise = draw_noise(6, (3, 6, 6), 0) * 0.15 * 2.0  # the input lies between -1 and 1
    expected = explain_with_noise(lambda image: small(image[None])[0, 2], images[2], noise)
    torch.testing.assert_close(found.map[2], expected, rtol=1e-4, atol=1e-6)
    assert found.facts == {"samples": 6, "sigma": 0.15, "seed": 0}
    torch.testing.assert_close(found.scores, explainer.compute_scores(images, TARGETS))


def test_the_seed_alone_changes_the_map(explainer: Explainer, images: Tensor) -> None:
    first, again, other = (
        METHOD.explain(explainer, images, TARGETS, {"samples": 4, "seed": seed}).map for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    alone = METHOD.explain(explainer, images[3:], TARGETS[3:], {"samples": 4, "seed": 3}).map
    torch.testing.assert_close(alone[0], first[3], rtol=1e-4, atol=1e-6)


def test_without_noise_it_is_the_gradient(explainer: Explainer, images: Tensor) -> None:
    found = METHOD.explain(explainer, images, TARGETS, {"samples": 2, "sigma": 0.0})
    torch.testing.assert_close(found.map, explainer.differentiate(images, TARGETS)[0])


@pytest.mark.parametrize("options", [{"samples": 0}, {"sigma": -0.1}])
def test_no_copies_and_negative_noise_are_refused(
    explainer: Explainer, images: Tensor, options: dict[str, float]
) -> None:
    with pytest.raises(InputError, match="at least one copy"):
        METHOD.explain(explainer, images, TARGETS, options)
