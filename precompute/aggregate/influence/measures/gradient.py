"""The measure `gradient`: gradient x activation (Shrikumar et al. 2016, section 2). It needs no provenance."""

from __future__ import annotations

from collections.abc import Sequence

from torch import fx

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.gradient import GradientInfluence
from precompute.aggregate.influence.link_measure import InfluenceMeasure
from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.links import Link

__all__ = ["MEASURE", "GradientMeasure"]


class GradientMeasure:
    """The influences of a link by gradients.

    Args:
        model: the exported model.
        link: any link, whether its channels can be traced or not.
        activation_mass: see `AggregateConfig`.
    """

    name = "gradient"

    def __init__(self, model: ExportedModel, link: Link, activation_mass: float) -> None:
        self.link = link
        self._influence = GradientInfluence(model, link, activation_mass)
        self._input = model.input

    @property
    def reason(self) -> str | None:
        """The obstacle to tracing; None where `gradient` was the user's choice for a link that could be traced."""
        return None if self.link.problem is None else self.link.problem.found

    @property
    def counted(self) -> Sequence[PairInfluence]:
        return [self._influence]

    @property
    def nodes(self) -> set[fx.Node]:
        """Both ends of the link, and the image."""
        return {self.link.target.node, self._input, *(source.node for source in self.link.sources)}

    def compose_link(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """Returns the counter's sums: they already are the link's total."""
        (total,) = sums
        return total


def _build(model: ExportedModel, link: Link, config: AggregateConfig) -> GradientMeasure:
    return GradientMeasure(model, link, config.activation_mass)


MEASURE = InfluenceMeasure("gradient", applies_to=lambda link: True, build=_build, in_auto=1)
