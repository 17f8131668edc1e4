"""The measures of influence of a run's pairs of layers, and their description. Pure functions of the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from precompute.contract.glossary import INFLUENCE_MEASURES

__all__ = ["Link", "describe_link", "describe_measures", "name_measures", "read_links"]

_MOST_NAMED = 4
"""Greatest number of layers that a description names."""


class Link(NamedTuple):
    """The influences on one layer.

    Attributes:
        target: the layer.
        sources: the layers that influence it.
        influence: name of the measure.
        reason: given where the measure is not the one asked for.
    """

    target: str
    sources: tuple[str, ...]
    influence: str
    reason: str | None = None


def read_links(manifest: Mapping[str, Any], layers: Sequence[str]) -> dict[str, Link]:
    """Reads the links by target layer; `layers` in order from the input.

    A manifest without links may name one measure for all: then every layer is linked to the one before. There are no
    links where it names none, or leaves the choice to precompute without stating the result.
    """
    given = manifest.get("links")
    if given is not None:
        links = [Link(e["target"], tuple(e["sources"]), e["influence"], e.get("reason")) for e in given]
        return {link.target: link for link in links}
    measure = (manifest.get("config", {}).get("aggregate") or {}).get("influence")
    if not isinstance(measure, str) or measure not in INFLUENCE_MEASURES:
        return {}
    return {target: Link(target, (source,), measure) for source, target in pairwise(layers)}


def describe_link(link: Link) -> str:
    """Describes the measure of a link, and the reason for it where one is given."""
    return _describe([link], "")


def name_measures(links: Iterable[Link]) -> str:
    """Names the measures in use, each once, the most frequent first: "traced, gradient"."""
    names = [link.influence for link in links]
    return ", ".join(sorted(set(names), key=lambda name: (-names.count(name), name)))


def describe_measures(links: Sequence[Link]) -> str:
    """Describes the measures in use, a line each, with the layers of each where there are several."""
    groups = _group_by_measure(links)
    several = len(groups) > 1
    lines = [
        _describe(group, f" (into {_join([link.target for link in group])})" if several else "") for group in groups
    ]
    return "\n".join(["How influences are measured", *lines])


def _describe(links: Sequence[Link], where: str) -> str:
    """Describes the one measure of some links, with every reason given for it."""
    measure = links[0].influence
    meaning = f": {INFLUENCE_MEASURES[measure].meaning}" if measure in INFLUENCE_MEASURES else ""
    reasons = "; ".join(dict.fromkeys(link.reason.rstrip(".") for link in links if link.reason))
    return f"{measure[:1].upper()}{measure[1:]}{where}{meaning}." + (f" Why: {reasons}." if reasons else "")


def _group_by_measure(links: Sequence[Link]) -> list[list[Link]]:
    names = name_measures(links).split(", ")
    return [[link for link in links if link.influence == name] for name in names]


def _join(names: Sequence[str]) -> str:
    """Joins names as "conv1, conv2, conv3 and 7 more layers"."""
    if len(names) <= _MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: _MOST_NAMED - 1])} and {len(names) - _MOST_NAMED + 1} more layers"
