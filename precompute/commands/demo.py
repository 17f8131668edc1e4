"""`summit-dash demo`: the run that the dashboard shows first."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from precompute.commands.shared import require_precompute
from precompute.schema import MANIFEST, read_manifest

__all__ = ["run_demo"]


def run_demo(out: Path, images_per_class: int | None, console: Console) -> None:
    """Makes the demo run unless it is there and complete; an outdated one is made anew.

    Raises:
        InputError: the folder holds something else.
    """
    require_precompute()
    from precompute.demo.config import DEMO_CONFIG
    from precompute.models.loading import ModelConfig
    from precompute.progress import ConsoleProgress
    from precompute.run import RunRequest, precompute

    is_outdated_demo = (out / MANIFEST).is_file() and read_manifest(out).get("model", {}).get("source") == "demo"
    request = RunRequest(
        ModelConfig("demo"), "demo", out, DEMO_CONFIG, limit_per_class=images_per_class, overwrite=is_outdated_demo
    )
    precompute(request, ConsoleProgress(console))
