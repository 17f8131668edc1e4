"""The interface of a measure of influence: its entry in the registry, and its form for one link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import fx

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.pairs import PairInfluence, PairSums
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.links import Link

__all__ = ["InfluenceMeasure", "LinkMeasure"]


class LinkMeasure(Protocol):
    """The influences of one link by one measure.

    All measures count the same way: image by image, the strongest sources of every target channel. A measure chooses
    the pairs of channels to count, and composes their counts to those of the link.
    """

    @property
    def name(self) -> str:
        """The measure's name, as in `--influence`."""

    @property
    def link(self) -> Link:
        """The link."""

    @property
    def reason(self) -> str | None:
        """The reason that the link is not traced; None where it could be."""

    @property
    def counted(self) -> Sequence[PairInfluence]:
        """The influences whose strongest sources are counted, in a fixed order."""

    @property
    def nodes(self) -> set[fx.Node]:
        """The graph's nodes whose values are read."""

    def compose_link(self, sums: Sequence[PairSums], n_images: int) -> PairSums:
        """Composes the link's counts for a class.

        Args:
            sums: of each influence of `counted`, in order, over the whole class.
            n_images: of the class.
        """


@dataclass(frozen=True)
class InfluenceMeasure:
    """An entry of the registry; its meaning and citation are in the glossary of the contract.

    Attributes:
        name: as in `--influence` and in the manifest.
        applies_to: returns True for a link that the measure can be computed for.
        build: makes the measure of one link.
        in_auto: rank among the measures that `auto` tries, lowest first; None: `auto` never takes it.
    """

    name: str
    applies_to: Callable[[Link], bool]
    build: Callable[[ExportedModel, Link, AggregateConfig], LinkMeasure]
    in_auto: int | None = None
