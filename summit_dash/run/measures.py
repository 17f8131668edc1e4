"""Which measure of influence a run's pairs of layers have, and how it is said. Pure functions of the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

__all__ = ["Link", "describe", "describe_measures", "name_measures", "read_links"]

_MEANINGS = {
    "traced": "the share of the target's activation that the source carries, followed exactly through the weights "
    "between the two layers",
    "summit": "as published, looking at every third position only",
    "gradient": "gradient × activation, how the target changes with the source times the source's activation",
}


class Link(NamedTuple):
    """How the influences on one layer were measured; `reason` says why, where the measure was not the one asked for."""

    target: str
    sources: tuple[str, ...]
    influence: str
    reason: str | None = None


def read_links(manifest: Mapping[str, Any], layers: Sequence[str]) -> dict[str, Link]:
    """The links by target layer.

    A run that lists none but names one measure for all has it between each layer and the one before. One that names
    none, or leaves the choice to precompute without telling what it chose, has no links.
    """
    given = manifest.get("links")
    if given is not None:
        links = [Link(e["target"], tuple(e["sources"]), e["influence"], e.get("reason")) for e in given]
        return {link.target: link for link in links}
    measure = (manifest.get("config", {}).get("aggregate") or {}).get("influence")
    if measure not in _MEANINGS:
        return {}
    return {target: Link(target, (source,), measure) for source, target in pairwise(layers)}


def describe(link: Link) -> str:
    """In words: the measure between these layers, and why it is that one."""
    return _describe([link], "")


def _describe(links: Sequence[Link], where: str) -> str:
    """What links of one measure have in common, and every reason given for it."""
    measure = links[0].influence
    meaning = f": {_MEANINGS[measure]}" if measure in _MEANINGS else ""
    reasons = "; ".join(dict.fromkeys(link.reason.rstrip(".") for link in links if link.reason))
    return f"{_capitalize(measure)}{where}{meaning}." + (f" Why: {reasons}." if reasons else "")


def name_measures(links: Iterable[Link]) -> str:
    """The measures in use, each once, the most frequent first: "traced, gradient"."""
    names = [link.influence for link in links]
    return ", ".join(sorted(set(names), key=lambda name: (-names.count(name), name)))


def describe_measures(links: Sequence[Link]) -> str:
    """What the measures mean, a line each; where they differ, which layers have which."""
    groups = _group_by_measure(links)
    several = len(groups) > 1
    lines = [_describe(same, f" (into {_join([link.target for link in same])})" if several else "") for same in groups]
    return "\n".join(["How influences are measured", *lines])


def _group_by_measure(links: Sequence[Link]) -> list[list[Link]]:
    names = name_measures(links).split(", ")
    return [[link for link in links if link.influence == name] for name in names]


def _join(names: Sequence[str], most: int = 4) -> str:
    """ "conv1, conv2 and 7 more layers"."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more layers"


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]
