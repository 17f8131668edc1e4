"""Continuity: how much a map changes while its image moves a little (Montavon et al. 2018, section 6.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from precompute.explanations.input_range import InputRange
from precompute.explanations.metrics.subject import Explain, fit_maps

__all__ = ["N_SHIFTS", "measure_continuity", "shift_right"]

N_SHIFTS = 8
"""The path of an image, in pixels, by default."""


def shift_right(images: Tensor, n_pixels: int) -> Tensor:
    """Shifts images `(..., width)` to the right; the first column is repeated, and the last ones are lost."""
    width = images.shape[-1]
    return images[..., (torch.arange(width) - n_pixels).clamp_min(0)]


def measure_continuity(explain: Explain, images: Tensor, input_range: InputRange, n_shifts: int = N_SHIFTS) -> Tensor:
    """Computes the greatest change of each image's map along a path, over the change of the image.

    The image moves to the right by 0, 1, ..., `n_shifts` pixels. Maps are moved back, and compared with the next one
    where all of them are known: `max |R(x_t) - R(x_t+1)|_1 / |x_t - x_t+1|_2`. So that methods of different units can
    be compared, maps are divided by `|R(x_0)|_1`, and images are in shares of the range of the input.

    Args:
        explain: the method.
        images: `(image, channel, height, width)`.
        input_range: of the model.
        n_shifts: less than the width.

    Returns:
        At least 0, `(image,)`; less is smoother. NaN where the first map is empty or the image has one colour in
        every row.
    """
    width = images.shape[-1]
    owners = torch.arange(len(images))
    scale = input_range.high - input_range.low
    greatest = torch.full((len(images),), -torch.inf)
    before = before_map = total = torch.zeros(0)
    for step in range(n_shifts + 1):
        moved = shift_right(images, step)
        found = fit_maps(explain(moved, owners), images.shape[2:])
        # The pixels that every shifted image shows, at their first place.
        known = found[..., step : step + width - n_shifts]
        if step:
            change = (known - before_map).abs().flatten(1).sum(1) / total
            way = ((moved - before) / scale).flatten(1).norm(dim=1)
            ratio = torch.where(way > 0, change / way, -torch.inf)
            greatest = torch.where(ratio.isnan() | (ratio > greatest), ratio, greatest)
        else:
            total = found.abs().flatten(1).sum(1)
        before, before_map = moved, known
    return torch.where(torch.isfinite(greatest) & (total > 0), greatest, torch.nan)
