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
    """

    meaning: str
    citation: str
    short: str


INFLUENCE_MEASURES: Mapping[str, Term] = {
    "traced": Term(
        "the share of the target's activation that the source carries, followed exactly through the weights "
        "between the two layers",
        "Hohman et al. 2020, section 6.2, with every position and every layer in between",
        "exactly",
    ),
    "summit": Term(
        "as published, looking at every third position only", "Hohman et al. 2020, section 6.2", "as published"
    ),
    "gradient": Term(
        "gradient × activation, how the target changes with the source times the source's activation",
        "Shrikumar et al. 2016, section 2",
        "x activation",
    ),
}
"""The measures of influence, by the name that `--influence` takes and the manifest's `links` hold."""
