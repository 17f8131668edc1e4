"""The registry of influence measures: the modules of the folder `measures`, and the choice of one for every link."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType

from precompute.aggregate.config import AUTO, AggregateConfig
from precompute.aggregate.influence.link_measure import InfluenceMeasure, LinkMeasure
from precompute.contract.errors import InputError
from precompute.contract.folder_modules import import_modules
from precompute.contract.glossary import INFLUENCE_MEASURES
from precompute.models.graph.exported import ExportedModel
from precompute.models.provenance.links import Link

__all__ = ["choose_measures", "find_measures"]

_FOLDER = "precompute.aggregate.influence.measures"


def find_measures() -> Mapping[str, InfluenceMeasure]:
    """Finds the measure of every module in the folder `measures`, by name, in alphabetical order.

    Raises:
        TypeError: a module exports no `MEASURE`.
        ValueError: two measures have one name, or the glossary has no line for a measure.
    """
    found: dict[str, InfluenceMeasure] = {}
    for module in _import_modules():
        measure = getattr(module, "MEASURE", None)
        if not isinstance(measure, InfluenceMeasure):
            raise TypeError(f"{module.__name__} exports no MEASURE: every module of that folder is one measure")
        if measure.name in found:
            raise ValueError(f"{module.__name__} defines the measure {measure.name!r}, which another module defines")
        if measure.name not in INFLUENCE_MEASURES:
            raise ValueError(
                f"{module.__name__} defines the measure {measure.name!r}, which has no line in "
                "precompute.contract.glossary.INFLUENCE_MEASURES: add its meaning and citation there"
            )
        found[measure.name] = measure
    return dict(sorted(found.items()))


def choose_measures(model: ExportedModel, links: Sequence[Link], config: AggregateConfig) -> tuple[LinkMeasure, ...]:
    """Builds the measure that the config names for every link, in order.

    Raises:
        InputError: the config names no measure, or one that does not apply to a link.
    """
    known = find_measures()
    chosen = [_choose_for(link, known, config.influence) for link in links]
    return tuple(measure.build(model, link, config) for measure, link in zip(chosen, links, strict=True))


def _import_modules() -> list[ModuleType]:
    return import_modules(importlib.import_module(_FOLDER))


def _choose_for(link: Link, known: Mapping[str, InfluenceMeasure], name: str) -> InfluenceMeasure:
    if name != AUTO and name not in known:
        raise InputError(
            f"The measure of influence is one of {', '.join((AUTO, *known))}.",
            f"Found {name}.",
            "Leave it out for auto: traced where that is possible, otherwise gradient.",
        )
    ranked = sorted((rank, name) for name, measure in known.items() if (rank := measure.in_auto) is not None)
    tried = [known[one] for _, one in ranked] if name == AUTO else [known[name]]
    for measure in tried:
        if measure.applies_to(link):
            return measure
    if link.problem is not None:
        raise link.problem
    raise InputError(
        f"The measure {name} applies to every pair of layers that feed one another.",
        f"It does not apply to layer {link.target.name}.",
        "Leave --influence out for auto, or record other layers with --layers.",
    )
