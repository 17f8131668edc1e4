"""Methods that rectify the gradient at activations: `deconvolution` and `guided_backprop`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from precompute.explanations.backward.walks import WALKS
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Compute, Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS"]


def _make_compute(name: str) -> Compute:
    def compute(
        explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
    ) -> Explanation:
        walk = WALKS[name](explainer, images, targets, options)
        return Explanation(walk.run(), walk.scores)

    return compute


METHODS = (
    Method(
        name="deconvolution",
        title="Deconvolution",
        rank=310,
        family="positive",
        grid="input",
        citation="Zeiler and Fergus 2014, section 2.1",
        needs="Any model; one without rectifying activations has its gradient.",
        holds="No negative signal passes a rectifying activation; it is shown as the greatest absolute value over the "
        "colours.",
        compute=_make_compute("deconvolution"),
        colours="greatest",
    ),
    Method(
        name="guided_backprop",
        title="Guided backpropagation",
        rank=330,
        family="positive",
        grid="input",
        citation="Springenberg et al. 2015, section 3.4",
        needs="Any model; one without rectifying activations has its gradient.",
        holds="No negative signal passes a rectifying activation, and none passes one that is not active; it is shown "
        "as the greatest absolute value over the colours.",
        compute=_make_compute("guided_backprop"),
        colours="greatest",
    ),
)
