"""The method `gradient`: the change of the score by each pixel (Simonyan et al. 2014, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS"]


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    gradient, scores = explainer.differentiate(images, targets)
    return Explanation(gradient, scores)


METHODS = (
    Method(
        name="gradient",
        title="Gradient",
        rank=320,
        family="positive",
        grid="input",
        citation="Simonyan et al. 2014, section 3",
        needs="Any model.",
        holds="The map has the gradient of every colour; it is shown as the greatest absolute value over the colours.",
        compute=_compute,
        colours="greatest",
    ),
)
