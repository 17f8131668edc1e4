"""The stage `visualize`: asked for other pictures, a finished run draws again, and keeps its identity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from precompute.contract.schema import read_manifest
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.pipeline.stage import RunContext
from precompute.pipeline.stages import visualize
from tests.support.run_contexts import build_context


def ask_for(context: RunContext, settings: VisualizeConfig) -> RunContext:
    config = replace(context.config, visualize=settings)
    return replace(context, request=replace(context.request, config=config))


def test_the_pictures_of_a_finished_stage_are_drawn_again_only_where_they_differ(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    context.manifest["stages"]["visualize"] = {"state": "done", "seconds": 1.0}
    assert visualize.STAGE.prepare is not None
    visualize.STAGE.prepare(context)
    assert context.manifest["stages"]["visualize"]["state"] == "done"
    more = VisualizeConfig(n_channels=9, n_steps=2, seconds=None)
    visualize.STAGE.prepare(ask_for(context, more))
    manifest = read_manifest(context.folder)
    assert manifest["stages"]["visualize"] == {"state": "pending", "seconds": None}
    assert manifest["config"]["visualize"]["n_channels"] == 9


def test_pictures_are_no_part_of_the_identity(tmp_path: Path) -> None:
    assert visualize.STAGE.identity is None
    assert "visualize" not in build_context(tmp_path).manifest["identity"]["config"]
