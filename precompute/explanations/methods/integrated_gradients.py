"""The method `integrated_gradients`: the gradient along the path from a reference image (Sundararajan et al. 2017).

The integral is taken by Gauss-Legendre points, doubled until the map's sum is right. They stand closer at the ends of
the path than in the middle, and need fewer points than equal steps for a smooth function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.completeness import measure_error
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.reference_images import make_reference
from precompute.explanations.target import Target

__all__ = ["METHODS", "take_path_integral"]


@cache
def _find_points(n_points: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Finds the places of the Gauss-Legendre points on [0, 1], and their weights, which sum to 1."""
    places, weights = np.polynomial.legendre.leggauss(n_points)
    return tuple((places + 1) / 2), tuple(weights / 2)


def take_path_integral(
    explainer: Explainer,
    ends: tuple[Tensor, Tensor],
    targets: Sequence[Target],
    n_points: int,
    batch_size: int,
) -> Tensor:
    """Computes the path integral of the gradient times the way, of the images' shape.

    Args:
        explainer: the model.
        ends: the reference images and the images, each `(image, channel, height, width)`.
        targets: one for each image.
        n_points: Gauss-Legendre points of each path.
        batch_size: points that the model computes at a time, of all paths.
    """
    start, stop = ends
    places, weights = (torch.tensor(each, dtype=stop.dtype) for each in _find_points(n_points))
    total = torch.zeros_like(stop)
    pairs = [(image, point) for image in range(len(stop)) for point in range(n_points)]
    for first in range(0, len(pairs), batch_size):
        chosen = pairs[first : first + batch_size]
        of, at = (torch.tensor(each) for each in zip(*chosen, strict=True))
        share = places[at].view(-1, 1, 1, 1)
        gradient, _ = explainer.differentiate(torch.lerp(start[of], stop[of], share), [targets[i] for i in of.tolist()])
        total.index_add_(0, of, gradient * weights[at].view(-1, 1, 1, 1))
    return total * (stop - start)


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    n_points, limit = int(options["points"]), int(options["max_points"])
    if not 1 <= n_points <= limit:
        found = f"Found {n_points} points, and at most {limit}."
        raise InputError("A path has at least one point.", found, "Give points from 1 to max_points.")
    references = make_reference(images, options["reference"], explainer.input_range)
    scores, of_references = (explainer.compute_scores(each, targets) for each in (images, references))
    maps, used = torch.zeros_like(images), torch.zeros(len(images), dtype=torch.long)
    left = torch.arange(len(images))
    while len(left):
        chosen = [targets[i] for i in left.tolist()]
        maps[left] = take_path_integral(
            explainer, (references[left], images[left]), chosen, n_points, options["batch_size"]
        )
        used[left] = n_points
        error = measure_error(maps, scores - of_references)
        left = left[error[left] > options["tolerance"]] if n_points * 2 <= limit else left[:0]
        n_points *= 2
    facts = {"points": used.tolist()}
    if isinstance(options["reference"], str):
        facts["reference"] = options["reference"]
    return Explanation(maps, scores, of_references, measure_error(maps, scores - of_references), facts=facts)


METHODS = (
    Method(
        name="integrated_gradients",
        title="Integrated gradients",
        rank=340,
        family="signed",
        grid="input",
        citation="Sundararajan et al. 2017, section 3",
        needs="Any model.",
        holds="The sum is the score less that of the reference image, within the error that is reported.",
        compute=_compute,
        options={"reference": "mean", "points": 16, "max_points": 256, "tolerance": 0.01, "batch_size": 16},
    ),
)
