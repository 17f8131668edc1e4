"""Maps and scores of changed images, as metrics ask for them: each for the target of the image that it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.devices.batches import BatchSize
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Method
from precompute.explanations.target import Target, score

__all__ = ["Explain", "Score", "apply_method", "apply_score", "fit_maps", "split_batches"]

Explain = Callable[[Tensor, Tensor], Tensor]
"""Computes the maps `(image, height, width)` of images, given the number of the first image that each was made from."""

Score = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Computes scores and probabilities, each `(image,)`, of images, given the numbers as for `Explain`."""


def apply_method(
    explainer: Explainer,
    method: Method,
    targets: Sequence[Target],
    options: Mapping[str, Any] | None = None,
    batch_size: int = 16,
) -> Explain:
    """Binds a method to a model and to the targets of a set of images.

    An image that the method refuses, such as one whose score is below 0, has a map of NaN.
    """

    sizes = BatchSize(batch_size, explainer.sizes.device)

    def explain(images: Tensor, owners: Tensor) -> Tensor:
        def run(rows: range) -> list[Tensor | None]:
            chosen = slice(rows.start, rows.stop)
            wanted = [targets[owner] for owner in owners[chosen].tolist()]
            return _explain_batch(explainer, method, images[chosen], wanted, options)

        found = [each for some in sizes.run(run, range(len(images))) for each in some]
        known = next((each for each in found if each is not None), torch.zeros(1, 1))
        return torch.stack([torch.full_like(known, torch.nan) if each is None else each for each in found])

    return explain


def _explain_batch(
    explainer: Explainer,
    method: Method,
    images: Tensor,
    targets: Sequence[Target],
    options: Mapping[str, Any] | None,
) -> list[Tensor | None]:
    """Computes the maps of a batch, one by one where the batch is refused; None for an image that is refused."""
    try:
        return list(method.flatten(method.explain(explainer, images, targets, options).map))
    except InputError:
        if len(images) == 1:
            return [None]
    found: list[Tensor | None] = []
    for number in range(len(images)):
        one = slice(number, number + 1)
        found += _explain_batch(explainer, method, images[one], targets[one], options)
    return found


def apply_score(explainer: Explainer, targets: Sequence[Target], batch_size: int = 32) -> Score:
    """Binds the scores of a model to the targets of a set of images.

    The probability is that of the target's class alone, with or without a contrast.
    """

    def compute(images: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        scores, probabilities = [], []
        for chosen in split_batches(len(images), batch_size):
            wanted = [targets[owner] for owner in owners[chosen].tolist()]
            logits = explainer.compute_logits(images[chosen])
            scores.append(score(logits, wanted))
            all_of = explainer.exported.outputs.probabilities.compute_for_outputs(logits)
            probabilities.append(all_of[torch.arange(len(wanted)), [target.class_id for target in wanted]])
        return torch.cat(scores), torch.cat(probabilities)

    return compute


def split_batches(length: int, batch_size: int) -> Iterator[slice]:
    """Yields the slices of at most `batch_size` that cover a length."""
    for first in range(0, length, batch_size):
        yield slice(first, min(first + batch_size, length))


def fit_maps(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Interpolates maps `(image, height, width)` to the size of the input; maps of that size stay as they are."""
    if maps.shape[1:] == tuple(size):
        return maps
    return functional.interpolate(maps[:, None], tuple(size), mode="bilinear", align_corners=False)[:, 0]
