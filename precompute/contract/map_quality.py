"""The figures of a map's quality: names, meanings, and what a reader has to be warned of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["BASELINES", "EDGES", "QUALITY_METRICS", "RANDOM", "SAME_MAP", "QualityMetric", "find_warnings"]

RANDOM = "random"
EDGES = "edges"
BASELINES: Mapping[str, str] = {RANDOM: "Random order", EDGES: "Edge detector"}
"""Maps that know nothing of the model, listed beside the methods, with their titles."""

SAME_MAP = 0.5
"""The rank correlation from which a map counts as unchanged after the network was re-initialised."""


@dataclass(frozen=True)
class QualityMetric:
    """A figure of a map's quality.

    Attributes:
        title: a few words.
        meaning: a sentence, with the unit and which way is better.
    """

    title: str
    meaning: str


QUALITY_METRICS: Mapping[str, QualityMetric] = {
    "error": QualityMetric(
        "Error of the sum",
        "The share of the score, less that of the reference, which the map's sum misses; 0 is exact.",
    ),
    "continuity": QualityMetric(
        "Continuity",
        "The greatest change of the map, as a share of its sum of absolute values, over the change of the image while "
        "it moves pixel by pixel; less is smoother.",
    ),
    "selectivity": QualityMetric(
        "Selectivity",
        "The area under the score while patches are removed by falling relevance, over the score at the start; less is "
        "more selective.",
    ),
    "selectivity_probability": QualityMetric(
        "Selectivity, probability",
        "The same of the probability of the class.",
    ),
    "selectivity_recomputed": QualityMetric(
        "Selectivity, recomputed",
        "Selectivity, with the map computed again after every removal.",
    ),
    "selectivity_over_edges": QualityMetric(
        "Selectivity less that of the edge detector",
        "The mean difference of both on the same images; below 0 the method is better.",
    ),
    "selectivity_over_random": QualityMetric(
        "Selectivity less that of a random order",
        "The mean difference of both on the same images; below 0 the method is better.",
    ),
    "randomisation": QualityMetric(
        "Sameness after randomisation",
        "The rank correlation of the map with that of the same network with all its weights re-initialised; near 0 the "
        "map depends on what the network learned.",
    ),
}
"""The figures by name, in the order in which they are shown."""

_LOSSES = {
    "selectivity_over_edges": "does not beat an edge detector",
    "selectivity_over_random": "does not beat a random order",
}


def find_warnings(rows: Iterable[tuple[str, str, float, float | None]]) -> dict[str, list[str]]:
    """Finds what a reader of each method's maps has to know, in words; methods without warnings are left out.

    A method beats a baseline where the whole interval of the difference is below 0; a single image has no interval, and
    its difference counts.

    Args:
        rows: method, metric, value and the upper end of the interval, None where there is none.
    """
    found: dict[str, list[str]] = {}
    for method, metric, value, high in rows:
        if metric in _LOSSES and (value if high is None else high) >= 0:
            found.setdefault(method, []).append(_LOSSES[metric])
        if metric == "randomisation" and value >= SAME_MAP:
            found.setdefault(method, []).append("does not depend on the model")
    return found
