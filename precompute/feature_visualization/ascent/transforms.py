"""Random small movements of the picture at every step, so that it excites the channel robustly, not by single pixels.

Olah et al. (2017), section "Transformation Robustness": pad, jitter, scale, rotate, jitter. All five are affine, so one
sampling does them together, for a whole batch with a separate movement for each picture.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from precompute.feature_visualization.ascent.config import TransformConfig

__all__ = ["draw_transforms", "transform"]

_GREY = 0.5


def draw_transforms(config: TransformConfig, n_steps: int, generator: torch.Generator) -> Tensor:
    """Draws one picture's movements for all steps: matrices `(n_steps, 2, 3)` from output to picture positions.

    Positions are those of `torch.nn.functional.affine_grid`: -1 to 1 along each side.
    """
    first = _draw_uniform((n_steps, 2, 1), 2 * config.jitter, generator)
    zoom = 1 + _draw_uniform((n_steps, 1, 1), config.scale, generator)
    angle = _draw_uniform((n_steps,), math.radians(config.rotation), generator)
    last = _draw_uniform((n_steps, 2, 1), 2 * config.final_jitter, generator)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    rotation = torch.stack([torch.stack([cosine, -sine], 1), torch.stack([sine, cosine], 1)], 1)
    linear = rotation / zoom
    return torch.cat([linear, linear @ last + first], dim=2)


def _draw_uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> Tensor:
    return bound * (2 * torch.rand(shape, generator=generator) - 1)


def transform(pictures: Tensor, matrices: Tensor) -> Tensor:
    """Moves every picture by its own matrix; the area outside the picture is grey.

    Args:
        pictures: colours in [0, 1], `(batch, colour, height, width)`.
        matrices: `(batch, 2, 3)`, one step of `draw_transforms` for each picture.
    """
    grid = functional.affine_grid(matrices, list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures - _GREY, grid, padding_mode="zeros", align_corners=False)
    return moved + _GREY
