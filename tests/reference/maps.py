"""Maps of images by their definitions, one image, one point, one patch at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

__all__ = ["explain_by_grad_cam", "explain_by_occlusion", "explain_by_path", "explain_with_noise", "weigh_plus_plus"]

Score = Callable[[Tensor], Tensor]
"""The score of one image, `(channel, height, width)`, as a number that carries its gradient."""


def differentiate_one(score: Score, image: Tensor) -> Tensor:
    pixels = image.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(score(pixels), pixels)
    return gradient


def explain_by_path(score: Score, image: Tensor, reference: Tensor, n_points: int) -> Tensor:
    """Computes integrated gradients with Gauss-Legendre points (Sundararajan et al. 2017, equation 1)."""
    places, weights = np.polynomial.legendre.leggauss(n_points)
    total = torch.zeros_like(image)
    for place, weight in zip(places, weights, strict=True):
        at = reference + (place + 1) / 2 * (image - reference)
        total += weight / 2 * differentiate_one(score, at.float())
    return (image - reference) * total


def explain_with_noise(score: Score, image: Tensor, noise: Tensor) -> Tensor:
    """Computes the mean gradient over noisy copies; `noise` is `(copy, channel, height, width)`."""
    return torch.stack([differentiate_one(score, image + each) for each in noise]).mean(0)


def explain_by_occlusion(score: Score, image: Tensor, grey: Tensor, patch: int, stride: int) -> Tensor:
    """Computes the mean drop of the score over the patches that cover each pixel, `(height, width)`."""
    height, width = image.shape[1:]
    drops: dict[tuple[int, int], list[float]] = {}
    for y in range(0, height - patch + 1, stride):
        for x in range(0, width - patch + 1, stride):
            covered = image.clone()
            covered[:, y : y + patch, x : x + patch] = grey
            drop = float(score(image) - score(covered))
            for row in range(y, y + patch):
                for column in range(x, x + patch):
                    drops.setdefault((row, column), []).append(drop)
    return torch.tensor([[float(np.mean(drops[row, column])) for column in range(width)] for row in range(height)])


def weigh_plus_plus(values: Tensor, gradients: Tensor) -> list[float]:
    """Computes the weights of Grad-CAM++ for one image (Chattopadhay et al. 2018, equations 5 and 19).

    Values and gradients are `(channel, height, width)`.
    """
    weights = []
    for value, gradient in zip(values.tolist(), gradients.tolist(), strict=True):
        total = sum(sum(row) for row in value)
        weight = 0.0
        for g in (g for row in gradient for g in row):
            divisor = 2 * g**2 + total * g**3
            weight += (g**2 / divisor if divisor else 0.0) * max(g, 0.0)
        weights.append(weight)
    return weights


def explain_by_grad_cam(values: Tensor, weights: list[float]) -> Tensor:
    """Computes the positive part of the weighted sum of maps, `(height, width)`."""
    total = torch.zeros(values.shape[1:])
    for value, weight in zip(values, weights, strict=True):
        total += weight * value
    return total.clamp_min(0)
