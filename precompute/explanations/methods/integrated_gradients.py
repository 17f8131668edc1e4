"""The method `integrated_gradients`: the gradient along the path from a reference image (Sundararajan et al. 2017).

The path is divided into parts, and the integral over each is taken by Gauss-Legendre points. What a part should sum to
is known: the change of the score along it. So the part that misses most is halved until the map's sum is right. On
GoogLeNet that takes a third of the points that doubling them everywhere takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Part:
    """A part of the path, from one share of the way to another, with its integral and what that misses."""

    start: float
    stop: float
    map: Tensor
    missed: float


def _measure_parts(
    explainer: Explainer,
    ends: tuple[Tensor, Tensor],
    target: Target,
    bounds: Sequence[float],
    options: Mapping[str, Any],
) -> list[_Part]:
    """Integrates over the parts between bounds, in one go."""
    reference, image = ends
    places = torch.tensor(bounds, dtype=image.dtype).view(-1, 1, 1, 1)
    along = torch.lerp(reference, image, places)
    scores = explainer.compute_scores(along, [target] * len(along)).double()
    targets = [target] * (len(along) - 1)
    maps = take_path_integral(
        explainer, (along[:-1], along[1:]), targets, int(options["points"]), options["batch_size"]
    )
    missed = scores.diff() - maps.double().flatten(1).sum(1)
    return [_Part(*each) for each in zip(bounds[:-1], bounds[1:], maps, missed.tolist(), strict=True)]


def _take_integral(
    explainer: Explainer, ends: tuple[Tensor, Tensor], target: Target, change: float, options: Mapping[str, Any]
) -> tuple[Tensor, int]:
    """Integrates over the path of one image, `(1, channel, height, width)`. Returns the map and the points."""
    n_points, n_parts = int(options["points"]), int(options["parts"])
    parts = _measure_parts(explainer, ends, target, [n / n_parts for n in range(n_parts + 1)], options)
    used = n_points * n_parts
    while used + 2 * n_points <= int(options["max_points"]):
        if abs(sum(part.missed for part in parts)) <= options["tolerance"] * abs(change):
            break
        worst = max(parts, key=lambda part: abs(part.missed))
        parts.remove(worst)
        middle = (worst.start + worst.stop) / 2
        parts += _measure_parts(explainer, ends, target, [worst.start, middle, worst.stop], options)
        used += 2 * n_points
    return torch.stack([part.map for part in parts]).sum(0), used


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    n_first, limit = int(options["points"]) * int(options["parts"]), int(options["max_points"])
    if not 1 <= n_first <= limit:
        found = f"Found {n_first} points, and at most {limit}."
        raise InputError("A path has at least one point.", found, "Give points and parts whose product is in between.")
    references = make_reference(images, options["reference"], explainer.input_range)
    scores, of_references = (explainer.compute_scores(each, targets) for each in (images, references))
    changes = (scores.double() - of_references.double()).tolist()
    found_maps, used = [], []
    for n, (target, change) in enumerate(zip(targets, changes, strict=True)):
        ends = references[n : n + 1], images[n : n + 1]
        found_map, n_points = _take_integral(explainer, ends, target, change, options)
        found_maps.append(found_map)
        used.append(n_points)
    maps = torch.stack(found_maps)
    facts: dict[str, Any] = {"points": used}
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
        options={"reference": "mean", "points": 4, "parts": 4, "max_points": 256, "tolerance": 0.01, "batch_size": 16},
    ),
)
