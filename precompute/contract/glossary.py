"""Terms that a run names and the dashboard explains, each once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["INFLUENCE_MEASURES", "Term"]


class Term(NamedTuple):
    """The meaning of a name, as the second half of a sentence, and where the definition comes from."""

    meaning: str
    citation: str


INFLUENCE_MEASURES: Mapping[str, Term] = {
    "traced": Term(
        "the share of the target's activation that the source carries, followed exactly through the weights "
        "between the two layers",
        "Hohman et al. 2020, section 6.2, with every position and every layer in between",
    ),
    "summit": Term("as published, looking at every third position only", "Hohman et al. 2020, section 6.2"),
    "gradient": Term(
        "gradient × activation, how the target changes with the source times the source's activation",
        "Shrikumar et al. 2016, section 2",
    ),
}
"""The measures of influence, by the name that `--influence` takes and the manifest's `links` hold."""
