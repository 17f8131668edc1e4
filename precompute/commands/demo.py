"""`summit-dash demo`: the run that the dashboard shows first."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from precompute.commands.shared import require_precompute
from precompute.contract.schema import MANIFEST, read_manifest

__all__ = ["run_demo"]


def run_demo(out: Path, images_per_class: int | None, console: Console) -> None:
    """Makes the demo run, with prototypes of all classes, unless it is there and complete; replaces an outdated one.

    Raises:
        InputError: the folder holds something else.
    """
    require_precompute()
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.channels.config import VisualizeConfig
    from precompute.feature_visualization.prototypes.draw_prototypes import PrototypeRequest, draw_prototypes
    from precompute.models.sources.loading import ModelConfig
    from precompute.pipeline.config import RunConfig
    from precompute.pipeline.request import RunRequest
    from precompute.pipeline.run import precompute

    is_outdated_demo = (out / MANIFEST).is_file() and read_manifest(out).get("model", {}).get("source") == "demo"
    # The defaults, with pictures sized for a small network and a short wait.
    config = RunConfig(visualize=VisualizeConfig(n_channels=160, n_steps=64, size=64, seconds=None))
    request = RunRequest(
        ModelConfig("demo"), "demo", out, config, limit_per_class=images_per_class, overwrite=is_outdated_demo
    )
    progress = ConsoleProgress(console)
    precompute(request, progress)
    draw_prototypes(PrototypeRequest(out), progress)
