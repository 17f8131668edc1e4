"""Methods that share relevance layer by layer: `lrp` and `deep_taylor`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from precompute.explanations.backward.walks import WALKS, Walk
from precompute.explanations.completeness import measure_error
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["METHODS"]


def _finish(walk: Walk) -> Explanation:
    maps = walk.run()
    assert walk.ledger is not None
    facts = {"conservation": walk.ledger.describe(walk.scores)}
    return Explanation(maps, walk.scores, error=measure_error(maps, walk.scores), facts=facts)


def _compute_lrp(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    return _finish(WALKS["lrp"](explainer, images, targets, options))


def _compute_deep_taylor(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    return _finish(WALKS["deep_taylor"](explainer, images, targets, options))


METHODS = (
    Method(
        name="lrp",
        title="Layer-wise relevance propagation",
        rank=230,
        family="signed",
        grid="input",
        citation="Bach et al. 2015, section 2; Montavon et al. 2019, section 10.3; Ali et al. 2022 for attention",
        needs="A rule for every operator between the class and the image.",
        holds="The relevance of each layer sums to that of the layer after it, up to what biases and epsilon absorb.",
        compute=_compute_lrp,
        options={"preset": "epsilon_plus_flat", "rules": None},
    ),
    Method(
        name="deep_taylor",
        title="Deep Taylor decomposition",
        rank=240,
        family="positive",
        grid="input",
        citation="Montavon et al. 2017, section 5",
        needs="A score greater than 0, and no norm over channels and no attention.",
        holds="No relevance is negative; it sums to the score, up to what biases and epsilon absorb.",
        compute=_compute_deep_taylor,
    ),
)
