"""The stage `visualize`: pictures of the channels that are in most graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from precompute.contract.schema import write_manifest
from precompute.pipeline.stage import RunContext, Stage

__all__ = ["STAGE"]

_NAME = "visualize"


def _prepare(context: RunContext) -> None:
    """Sets the stage back to pending where other pictures are asked for, or more time.

    Pictures may be added to a run, more or other ones: their settings are no part of the run's identity.
    """
    from precompute.feature_visualization.channels.run_stage import is_asked_for

    settings, manifest = asdict(context.config.visualize), context.manifest
    is_done = manifest["stages"].get(_NAME, {}).get("state") == "done"
    if not is_done or is_asked_for(settings, manifest):
        manifest["config"][_NAME] = settings
        manifest["stages"][_NAME] = {"state": "pending", "seconds": None}
        write_manifest(context.folder, manifest)


def _run(context: RunContext) -> Mapping[str, Any]:
    from precompute.feature_visualization.channels.run_stage import visualize_run

    return visualize_run(context.folder, context.inputs, context.manifest, context.device, context.progress)


STAGE = Stage(
    name=_NAME,
    rank=50,
    after=("aggregate", "graphs"),
    tables=("feature_visualizations",),
    run=_run,
    prepare=_prepare,
)
