"""Selectivity: how fast the score falls while the parts that a map calls relevant are removed.

Montavon et al. 2018, section 6.2; Samek et al. 2017, section IV, which calls it pixel flipping.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.input_range import InputRange
from precompute.explanations.metrics.subject import Explain, Score, fit_maps, split_batches
from precompute.explanations.reference_images import make_reference

__all__ = ["FILLS", "Curves", "Removal", "order_patches", "remove_in_order", "remove_recomputed"]

FILLS = ("mean", "blurred")
"""Colours of a removed patch: the mean colour, or the blurred image."""


@dataclass(frozen=True)
class Removal:
    """The way in which parts of images are removed.

    Args:
        patches: along each side of the image.
        fill: one of `FILLS`.
        steps: points of the curve after its start; each removes about as many patches. At most the number of patches.
        batch_size: images that are changed at a time.

    Raises:
        InputError: a number is too small, or the fill unknown.
    """

    patches: int = 14
    fill: str = "mean"
    steps: int = 28
    batch_size: int = 64

    def __post_init__(self) -> None:
        if self.fill not in FILLS or not 1 <= self.steps <= self.n_patches or self.batch_size < 1:
            raise InputError(
                f"Patches are removed in 1 to {self.n_patches} steps, and become one of {', '.join(FILLS)}.",
                f"Found {self.steps} steps and {self.fill}.",
                "Correct the options of the metric.",
            )

    @property
    def n_patches(self) -> int:
        """The number of patches of an image."""
        return self.patches**2

    @property
    def counts(self) -> list[int]:
        """The number of removed patches at every point of the curve, from 0 to all."""
        return [round(step * self.n_patches / self.steps) for step in range(self.steps + 1)]

    def number_pixels(self, height: int, width: int) -> Tensor:
        """Numbers the patch that each pixel belongs to, row by row, `(height, width)`."""
        rows, columns = (torch.arange(side) * self.patches // side for side in (height, width))
        return rows[:, None] * self.patches + columns[None, :]


@dataclass(frozen=True)
class Curves:
    """The fall of scores while patches are removed.

    Attributes:
        scores: `(image, point)`, the first one of the whole image.
        probabilities: of the target's class, of the same shape.
        counts: of removed patches at every point.
    """

    scores: Tensor
    probabilities: Tensor
    counts: tuple[int, ...]

    def compute_area(self, of: str = "scores") -> Tensor:
        """Computes the area under each curve over the share of removed patches, divided by its start, `(image,)`.

        1 is a curve that never falls; less is more selective. NaN where the score at the start is not above 0.

        Args:
            of: `scores` or `probabilities`.
        """
        values: Tensor = getattr(self, of)
        shares = torch.tensor(self.counts, dtype=values.dtype) / self.counts[-1]
        start = values[:, 0]
        area = torch.trapezoid(values, shares, dim=1)
        return torch.where(start > 0, area / torch.where(start > 0, start, 1), torch.nan)


def order_patches(maps: Tensor, removal: Removal, size: tuple[int, int]) -> Tensor:
    """Orders the patches of each image by falling relevance, `(image, patch)`; ties by the lower number.

    Args:
        maps: `(image, height, width)`, of the input's size or of a layer's grid; a patch has the sum of its pixels.
        removal: defines the patches.
        size: height and width of the input.
    """
    return _sum_patches(maps, removal, size).sort(dim=1, descending=True, stable=True).indices


def _sum_patches(maps: Tensor, removal: Removal, size: tuple[int, int]) -> Tensor:
    fitted = fit_maps(maps, size).double().flatten(1)
    of = removal.number_pixels(*size).flatten()
    return torch.zeros(len(maps), removal.n_patches, dtype=torch.float64).index_add_(1, of, fitted)


def remove_in_order(score: Score, images: Tensor, orders: Tensor, input_range: InputRange, removal: Removal) -> Curves:
    """Removes the patches of images in a given order, without a new look at the image in between.

    Args:
        score: the model.
        images: `(image, channel, height, width)`.
        orders: `(image, patch)`, as `order_patches` returns.
        input_range: of the model.
        removal: the way.
    """
    fills = make_reference(images, removal.fill, input_range)
    ranks = orders.argsort(dim=1)[:, removal.number_pixels(*images.shape[2:])]  # (image, height, width)
    counts = torch.tensor(removal.counts)
    owners = torch.arange(len(images)).repeat_interleave(len(counts))
    points = counts.repeat(len(images))

    def change(chosen: slice) -> Tensor:
        of = owners[chosen]
        is_removed = ranks[of] < points[chosen].view(-1, 1, 1)
        return torch.where(is_removed[:, None], fills[of], images[of])

    return _score_all(score, owners, change, removal)


def _score_all(score: Score, owners: Tensor, change: Callable[[slice], Tensor], removal: Removal) -> Curves:
    found = [score(change(chosen), owners[chosen]) for chosen in split_batches(len(owners), removal.batch_size)]
    scores, probabilities = (torch.cat(each).view(-1, removal.steps + 1) for each in zip(*found, strict=True))
    return Curves(scores, probabilities, tuple(removal.counts))


def remove_recomputed(
    score: Score, explain: Explain, images: Tensor, input_range: InputRange, removal: Removal
) -> Curves:
    """Removes patches by a map that is computed again after every step, as in the tutorial.

    Args:
        score: the model.
        explain: the method.
        images: `(image, channel, height, width)`.
        input_range: of the model.
        removal: the way.
    """
    size = (images.shape[2], images.shape[3])
    owners = torch.arange(len(images))
    fills = make_reference(images, removal.fill, input_range)
    of_pixels = removal.number_pixels(*size)
    is_removed = torch.zeros(len(images), removal.n_patches, dtype=torch.bool)
    current, counts = images, removal.counts
    points = [score(current, owners)]
    for before, after in pairwise(counts):
        relevance = _sum_patches(explain(current, owners), removal, size).masked_fill(is_removed, -torch.inf)
        chosen = relevance.sort(dim=1, descending=True, stable=True).indices[:, : after - before]
        is_removed = is_removed.scatter(1, chosen, True)
        current = torch.where(is_removed[:, of_pixels][:, None], fills, images)
        points.append(score(current, owners))
    scores, probabilities = (torch.stack(each, 1) for each in zip(*points, strict=True))
    return Curves(scores, probabilities, tuple(counts))
