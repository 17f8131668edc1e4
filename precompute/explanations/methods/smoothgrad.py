"""The method `smoothgrad`: the mean gradient over noisy copies of an image (Smilkov et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS", "draw_noise"]


def draw_noise(n_samples: int, shape: Sequence[int], seed: int) -> Tensor:
    """Draws standard normal noise `(sample, *shape)`, the same for every image, so that batches do not matter."""
    return torch.randn(n_samples, *shape, generator=torch.Generator().manual_seed(seed))


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    n_samples, sigma, seed = int(options["samples"]), float(options["sigma"]), int(options["seed"])
    if n_samples < 1 or sigma < 0:
        found = f"Found {n_samples} copies and a sigma of {sigma}."
        raise InputError("The mean is over at least one copy, with noise of at least 0.", found, "Correct the options.")
    width = explainer.input_range.high - explainer.input_range.low
    noise = draw_noise(n_samples, images.shape[1:], seed) * (sigma * width)
    total = torch.zeros_like(images)
    pairs = [(image, sample) for image in range(len(images)) for sample in range(n_samples)]
    for first in range(0, len(pairs), int(options["batch_size"])):
        of, which = (torch.tensor(e) for e in zip(*pairs[first : first + int(options["batch_size"])], strict=True))
        gradient, _ = explainer.differentiate(images[of] + noise[which], [targets[i] for i in of.tolist()])
        total.index_add_(0, of, gradient)
    facts = {"samples": n_samples, "sigma": sigma, "seed": seed}
    return Explanation(total / n_samples, explainer.compute_scores(images, targets), facts=facts)


METHODS = (
    Method(
        name="smoothgrad",
        title="SmoothGrad",
        rank=350,
        family="positive",
        grid="input",
        citation="Smilkov et al. 2017, section 3",
        needs="Any model.",
        holds="The map is the mean gradient over copies with noise of `sigma` times the range of the input; one seed "
        "gives one map. It is shown as the greatest absolute value over the colours.",
        compute=_compute,
        options={"samples": 25, "sigma": 0.15, "seed": 0, "batch_size": 16},
        colours="greatest",
    ),
)
