"""`summit-dash prototypes`, whose classes are named as everywhere in the dashboard."""

from __future__ import annotations

from precompute.commands.building import build_command
from precompute.commands.prototypes import PrototypeOptions, run_prototypes
from summit_dash.commands.classes import find_class_ids

__all__ = ["prototypes"]


def _run(options: PrototypeOptions) -> None:
    run_prototypes(options, find_class_ids(options.run, options.classes))


prototypes = build_command(PrototypeOptions, _run)
