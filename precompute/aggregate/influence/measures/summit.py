"""The measure `summit`: influence as published, sampled at every third position (Hohman et al. 2020, section 6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from torch import fx

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.link_measure import InfluenceMeasure
from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.aggregate.influence.summit import SampledInfluence, compose_counts
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.layout import Layouts
from precompute.models.graph.operators import POOLING, get_operator_name, is_first_of_several
from precompute.models.provenance.expressions import Convolution, list_parts
from precompute.models.provenance.links import Link

__all__ = ["MEASURE", "SummitMeasure"]


class SummitMeasure:
    """The influences of a link as Summit counts them.

    Args:
        layouts: of the model's values; they show which poolings keep the size.
        link: one that can be traced.
    """

    name = "summit"
    reason: str | None = None

    def __init__(self, layouts: Layouts, link: Link) -> None:
        assert link.channels is not None
        self.link, self._layouts = link, layouts
        self._convolutions = [part for part in list_parts(link.channels) if isinstance(part, Convolution)]

    @cached_property
    def counted(self) -> Sequence[PairInfluence]:
        return [SampledInfluence(one, self._find_input(one)) for one in self._convolutions]

    @property
    def nodes(self) -> set[fx.Node]:
        """Inputs of the convolutions, and the target."""
        return {self.link.target.node, *map(self._find_input, self._convolutions)}

    def _find_input(self, convolution: Convolution) -> fx.Node:
        """Finds the value that a convolution reads.

        Summit's code gave a 1x1 projection behind a pooling that keeps the size the values before the pooling.
        """
        node = convolution.input_node
        if convolution.weight.shape[2:] != (1, 1):
            return node
        before = node.args[0] if is_first_of_several(node) else node
        while get_operator_name(before) in POOLING and self._layouts[before.args[0]].grid == self._layouts[node].grid:
            node = before = before.args[0]
        return node

    def compose_link(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """Composes the counts of a class over the link's convolutions; see `compose_counts`."""
        return compose_counts(self.link, dict(zip(map(id, self._convolutions), sums, strict=True)), n_images)


def _build(model: ExportedModel, link: Link, config: AggregateConfig) -> SummitMeasure:
    return SummitMeasure(model.layouts, link)


MEASURE = InfluenceMeasure("summit", applies_to=lambda link: link.channels is not None, build=_build)
