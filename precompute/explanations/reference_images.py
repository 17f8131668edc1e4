"""Reference images: what an image is compared with, by methods that explain a difference."""

from __future__ import annotations

import difflib
import math

import torch
from torch import Tensor
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.contract.explanation_settings import REFERENCES
from precompute.explanations.input_range import InputRange

__all__ = ["REFERENCES", "make_reference", "smooth_image"]

BLUR = 1 / 16
"""Standard deviation of the blur, as a share of the shorter side."""


def make_reference(images: Tensor, reference: str | Tensor, input_range: InputRange) -> Tensor:
    """Makes the reference image of every image of a batch, of the batch's shape.

    Args:
        images: `(image, channel, height, width)`, after preprocessing.
        reference: one of `REFERENCES`, or an image of one's own, after preprocessing: `(channel, height, width)`, or
            one for each image.
        input_range: of the model.

    Raises:
        InputError: the name is unknown, or the image has another shape.
    """
    if isinstance(reference, Tensor):
        if reference.shape not in (images.shape, images.shape[1:]):
            raise InputError(
                f"A reference image has the shape of the model's input, {tuple(images.shape[1:])}.",
                f"Found {tuple(reference.shape)}.",
                "Preprocess it as the images are.",
            )
        return reference.to(images).expand_as(images)
    if reference == "mean":
        return input_range.mean.to(images).expand_as(images)
    if reference == "black":
        return input_range.low.to(images).expand_as(images)
    if reference == "blurred":
        return smooth_image(images)
    near = difflib.get_close_matches(str(reference), REFERENCES, n=1)
    raise InputError(
        f"A reference is one of {', '.join(REFERENCES)}, or an image.",
        f"Found {reference}.",
        f"Did you mean {near[0]}?" if near else "Name one of them.",
    )


def smooth_image(images: Tensor) -> Tensor:
    """Blurs images by a Gaussian of a sixteenth of the shorter side; edges are continued."""
    sigma = max(min(images.shape[-2:]) * BLUR, 0.5)
    reach = math.ceil(3 * sigma)
    offsets = torch.arange(-reach, reach + 1, dtype=images.dtype, device=images.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = weights / weights.sum()
    flat = images.flatten(0, 1)[:, None]
    across = functional.conv2d(functional.pad(flat, (reach, reach, 0, 0), mode="replicate"), weights.view(1, 1, 1, -1))
    down = functional.conv2d(functional.pad(across, (0, 0, reach, reach), mode="replicate"), weights.view(1, 1, -1, 1))
    return down.view_as(images)
