"""The methods `sensitivity` and `simple_taylor`: the gradient squared, and the gradient times the input.

The second is the first order of a Taylor expansion, with the root 0 (Montavon et al. 2018, sections 4.1 and 4.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from precompute.explanations.completeness import measure_error
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS"]


def _compute_sensitivity(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    gradient, scores = explainer.differentiate(images, targets)
    return Explanation(gradient.square(), scores)


def _compute_simple_taylor(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    gradient, scores = explainer.differentiate(images, targets)
    relevance = images * gradient
    at_zero = explainer.compute_scores(torch.zeros_like(images), targets)
    note = "The sum is the change of the score from an image of zeros only where the network has no biases."
    return Explanation(relevance, scores, at_zero, measure_error(relevance, scores - at_zero), note)


METHODS = (
    Method(
        name="sensitivity",
        title="Sensitivity",
        rank=210,
        family="positive",
        grid="input",
        citation="Montavon et al. 2018, section 4.1",
        needs="Any model.",
        holds="The sum is the squared norm of the gradient.",
        compute=_compute_sensitivity,
    ),
    Method(
        name="simple_taylor",
        title="Simple Taylor decomposition",
        rank=220,
        family="signed",
        grid="input",
        citation="Montavon et al. 2018, section 4.2",
        needs="Any model.",
        holds="The sum is the change of the score from an image of zeros, but for the error that is reported.",
        compute=_compute_simple_taylor,
    ),
)
