"""Runs of the small model in this process, for tests of single stages."""

from __future__ import annotations

from pathlib import Path

import torch

from precompute.aggregate.units import UnitStore
from precompute.contract.manifest import open_manifest
from precompute.contract.progress import SilentProgress
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.models.sources.loaded import ModelConfig
from precompute.pipeline.config import RunConfig
from precompute.pipeline.identity import build_contents, compute_fingerprint
from precompute.pipeline.inputs import load_inputs, open_source
from precompute.pipeline.registry import find_stages
from precompute.pipeline.request import RunRequest
from precompute.pipeline.stage import RunContext
from tests.support.small import write_small

__all__ = ["build_context", "build_request"]


def build_request(folder: Path, config: RunConfig | None = None) -> RunRequest:
    """Builds a request for a run of the small model over four images of each of three classes."""
    write_small(folder)
    model = ModelConfig(f"{folder}/model.py:build", f"{folder}/weights.safetensors", f"{folder}/input.toml")
    few = RunConfig(visualize=VisualizeConfig(n_channels=2, n_steps=2, seconds=None))
    return RunRequest(model, f"{folder}/images", folder / "run", config or few)


def build_context(folder: Path, config: RunConfig | None = None) -> RunContext:
    """Builds the context of a run of which no stage has run; its manifest is on disk."""
    request = build_request(folder, config)
    loaded, inputs = load_inputs(request, open_source(request))
    contents = build_contents(request, loaded, inputs)
    request.out.mkdir()
    manifest = open_manifest(request.out, contents, tuple(find_stages()), overwrite=False)
    fingerprint = compute_fingerprint(manifest["identity"])
    units = UnitStore(request.out, fingerprint)
    return RunContext(request, inputs, manifest, torch.device("cpu"), fingerprint, units, SilentProgress())
