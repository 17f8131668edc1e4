"""Reference images: mean colour, blurred, black."""

from __future__ import annotations

import torch
from torch import Tensor

from precompute.explanations.input_range import InputRange
from precompute.explanations.reference_images import make_reference, smooth_image

RANGE = InputRange(torch.full((3, 1, 1), -2.0), torch.full((3, 1, 1), 2.0), torch.full((3, 1, 1), 0.5))


def test_colours_are_those_of_the_input_range(images: Tensor) -> None:
    assert make_reference(images, "mean", RANGE).unique().tolist() == [0.5]
    assert make_reference(images, "black", RANGE).unique().tolist() == [-2.0]
    assert make_reference(images, "mean", RANGE).shape == images.shape


def test_blurring_keeps_a_plain_image_and_evens_out_another(images: Tensor) -> None:
    plain = torch.full((1, 3, 8, 8), 0.25)
    torch.testing.assert_close(smooth_image(plain), plain)
    blurred = make_reference(images, "blurred", RANGE)
    assert blurred.shape == images.shape
    assert (blurred.flatten(1).std(1) < images.flatten(1).std(1)).all()
