"""The method `occlusion`: equal to its definition patch by patch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.methods.occlusion import place_patches
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target
from tests.reference.maps import explain_by_occlusion

METHOD = find_method("occlusion")
TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


def test_equals_the_definition_patch_by_patch(explainer: Explainer, small: nn.Module, images: Tensor) -> None:
    before = images.clone()
    found = METHOD.explain(explainer, images, TARGETS, {"patch": 2, "stride": 1, "batch_size": 7})
    expected = explain_by_occlusion(
        lambda image: (small(image[None])[0, 0]).detach(), images[0], torch.zeros(3, 1, 1), 2, 1
    )
    torch.testing.assert_close(found.map[0].sum(0), expected, rtol=1e-4, atol=1e-5)
    assert found.facts == {"patch": [2, 2], "stride": [1, 1]}
    assert torch.equal(images, before)


def test_a_pixel_that_nothing_reads_has_no_relevance(explainer: Explainer, images: Tensor) -> None:
    grey = images.clone()
    grey[:, :, :3] = 0  # as the patch
    found = METHOD.explain(explainer, grey, TARGETS, {"patch": 1, "stride": 1})
    assert found.map.shape == images.shape
    assert (found.map[:, :, :3].abs() < 1e-6).all()
    assert (found.map[:, :, 3:] != 0).any()


@pytest.mark.parametrize(
    ("length", "patch", "stride", "expected"), [(6, 2, 2, [0, 2, 4]), (7, 2, 2, [0, 2, 4, 5]), (3, 3, 1, [0])]
)
def test_patches_reach_the_end_of_an_axis(length: int, patch: int, stride: int, expected: list[int]) -> None:
    assert place_patches(length, patch, stride) == expected


@pytest.mark.parametrize("options", [{"patch": 7}, {"patch": -1}, {"stride": -2}])
def test_a_patch_outside_of_the_image_is_refused(explainer: Explainer, images: Tensor, options: dict[str, int]) -> None:
    with pytest.raises(InputError, match="within the image of 6 x 6 pixels"):
        METHOD.explain(explainer, images, TARGETS, options)
