"""The registry of stages: every module in `pipeline/stages` that has a `STAGE`."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from precompute.contract.folder_modules import import_modules
from precompute.contract.validate import OTHER_STAGES
from precompute.pipeline import stages as package
from precompute.pipeline.stage import Stage

__all__ = ["find_stages", "list_tables"]


@functools.cache
def find_stages() -> Mapping[str, Stage]:
    """Returns the stages by name, in the order in which they run.

    Raises:
        ValueError: two stages have one name, or a stage comes before one that it reads.
    """
    return order_stages([module.STAGE for module in import_modules(package) if hasattr(module, "STAGE")])


def order_stages(found: list[Stage]) -> Mapping[str, Stage]:
    """Returns stages by name, in order of rank, those of the same rank by name.

    Raises:
        ValueError: two stages have one name, or a stage comes before one that it reads.
    """
    ordered: dict[str, Stage] = {}
    for stage in sorted(found, key=lambda stage: (stage.rank, stage.name)):
        early = [name for name in stage.after if name not in ordered]
        if stage.name in ordered or early:
            raise ValueError(
                f"The stage {stage.name} is there twice."
                if stage.name in ordered
                else f"The stage {stage.name} reads {early[0]}, which has no smaller rank."
            )
        ordered[stage.name] = stage
    return ordered


def list_tables() -> dict[str, tuple[str, ...]]:
    """Lists the tables that are there once a stage is done, by stage, as `validate` needs them."""
    return {**OTHER_STAGES, **{name: stage.tables for name, stage in find_stages().items()}}
