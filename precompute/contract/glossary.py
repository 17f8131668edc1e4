"""Terms that a run names and the dashboard explains, each once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["INFLUENCE_MEASURES", "Term"]


class Term(NamedTuple):
    """The explanation of a name.

    Attributes:
        meaning: the second half of a sentence that begins with the name.
        citation: author, year and section of the definition.
        short: a word or two after the name, for the help of the command line.
        details: sentences for the About page, after which no other explanation is needed; empty: `meaning` is enough.
    """

    meaning: str
    citation: str
    short: str
    details: str = ""


INFLUENCE_MEASURES: Mapping[str, Term] = {
    "traced": Term(
        "the share of the target's activation that the source carries, followed exactly through the weights "
        "between the two layers",
        "Hohman et al. 2020, section 6.2, with every position and every layer in between",
        "exactly",
        "Traced: followed exactly through the weights between two recorded layers; over several convolutions an "
        "influence is the sum over paths of the product of shares, so that no bottleneck's channel poses as one of the "
        "layer before.",
    ),
    "summit": Term(
        "as published, looking at every third position only",
        "Hohman et al. 2020, section 6.2",
        "as published",
        "Summit: as published, at every third position, counts of several convolutions composed by max and min.",
    ),
    "gradient": Term(
        "gradient × activation, how the target changes with the source times the source's activation",
        "Shrikumar et al. 2016, section 2",
        "x activation",
        "Gradient: gradient × activation, where norms or attention mix channels and no path can be followed.",
    ),
}
"""The measures of influence, by the name that `--influence` takes and the manifest's `links` hold."""
