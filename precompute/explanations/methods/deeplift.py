"""The method `deeplift`: the difference of the score from that of a reference image (Shrikumar et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from precompute.explanations.backward.walks import WALKS
from precompute.explanations.completeness import measure_error
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS"]


def _compute(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    walk = WALKS["deeplift"](explainer, images, targets, options)
    maps, before = walk.run(), walk.reference_scores
    assert before is not None
    error = measure_error(maps, walk.scores - before)
    facts = {"reference": options["reference"]} if isinstance(options["reference"], str) else {}
    return Explanation(maps, walk.scores, before, error, facts=facts)


METHODS = (
    Method(
        name="deeplift",
        title="DeepLIFT",
        rank=250,
        family="signed",
        grid="input",
        citation="Shrikumar et al. 2017, section 3 (rescale rule)",
        needs="A rule for every operator between the class and the image.",
        holds="The sum is the score less that of the reference image, to a thousandth.",
        compute=_compute,
        options={"reference": "mean"},
    ),
)
