"""The measures of influence, and which of them tells the influences of which link.

Whatever the measure, what is counted is the same: image by image, the strongest sources of every target channel. A
measure says between which channels that is, and how the counts become those of a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import fx

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.gradient import GradientMeasure
from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.aggregate.influence.summit import SummitMeasure
from precompute.aggregate.influence.traced import TracedMeasure
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.links import Link

MEASURES = ("auto", "traced", "summit", "gradient")
"""`auto` takes `traced`, and `gradient` for the links that cannot be traced."""


class LinkMeasure(Protocol):
    """How the influences of one link are told."""

    @property
    def name(self) -> str:
        """As in `--influence`."""

    @property
    def link(self) -> Link:
        """The link."""

    @property
    def counted(self) -> Sequence[PairInfluence]:
        """Between which channels the strongest sources are counted."""

    @property
    def nodes(self) -> set[fx.Node]:
        """Whose values are read."""

    def link_sums(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """The link's counts for a class, from those of what was counted."""


@dataclass(frozen=True)
class CountedAlone:
    """One thing that a measure counts, with its sums as they are: those of chunks can be added, a link's cannot."""

    measure: LinkMeasure
    influence: PairInfluence

    @property
    def name(self) -> str:
        return self.measure.name

    @property
    def link(self) -> Link:
        return self.measure.link

    @property
    def counted(self) -> Sequence[PairInfluence]:
        return (self.influence,)

    @property
    def nodes(self) -> set[fx.Node]:
        return self.measure.nodes

    def link_sums(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        return sums[0]


def choose_measures(model: ExportedModel, links: Sequence[Link], config: AggregateConfig) -> tuple[LinkMeasure, ...]:
    """A measure for every link, in order.

    Raises:
        InputError: a link cannot be traced, and the config insists.
    """
    chosen: list[LinkMeasure] = []
    for link in links:
        if config.influence == "gradient" or (config.influence == "auto" and link.channels is None):
            chosen.append(GradientMeasure(model, link, config.activation_mass))
            continue
        if link.problem is not None:
            raise link.problem
        chosen.append(SummitMeasure(model, link) if config.influence == "summit" else TracedMeasure(link))
    return tuple(chosen)
