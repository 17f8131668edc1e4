"""The measure `traced`: influence followed exactly through the weights between two layers.

Hohman et al. 2020, section 6.2, with every position and every layer in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import fx

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import InfluenceMeasure
from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.aggregate.influence.traced import LinkInfluence
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.expressions import Addition, Convolution, Source, list_parts
from precompute.models.provenance.links import Link

__all__ = ["MEASURE", "TracedMeasure"]


@dataclass(frozen=True)
class TracedMeasure:
    """The influences of a link, traced image by image."""

    link: Link
    name: str = "traced"
    reason: str | None = None

    @cached_property
    def counted(self) -> Sequence[PairInfluence]:
        return [LinkInfluence(self.link)]

    @property
    def nodes(self) -> set[fx.Node]:
        """Inputs of convolutions, passed terms of additions, the target, and the sources that are turned round."""
        found = {self.link.target.node}
        for part in list_parts(self.link.channels) if self.link.channels is not None else ():
            if isinstance(part, Convolution):
                found.add(part.input_node)
            elif isinstance(part, Addition):
                found |= {term.node for term in part.terms if not isinstance(term.channels, Convolution)}
            elif isinstance(part, Source) and part.sign is not None:
                found |= {source.node for source in self.link.sources}
        return found

    def compose_link(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """Returns the counter's sums: they already are the link's total."""
        (total,) = sums
        return total


def _build(model: ExportedModel, link: Link, config: AggregateConfig) -> TracedMeasure:
    return TracedMeasure(link)


MEASURE = InfluenceMeasure("traced", applies_to=lambda link: link.channels is not None, build=_build, in_auto=0)
