"""`summit-dash visualize`: pictures of channels into a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from precompute.commands.shared import (
    names_in,
    numbers_in,
    print_pictures,
    require_names,
    require_positive,
    require_precompute,
)

__all__ = ["VisualizeOptions", "run_visualize"]


@dataclass(frozen=True)
class VisualizeOptions:
    """The options of `summit-dash visualize`, as given; see its --help."""

    run: Path
    layers: str = "all"
    channels: str = "all"
    kinds: str = "channel"
    limit: int | None = None
    method: str = "fourier"
    size: int | None = None
    steps: int = 128
    seed: int = 0
    batch_size: int = 16
    device: str = "auto"
    precision: str = "auto"
    model: str | None = None
    weights: str | None = None
    model_path: tuple[str, ...] = ()


def run_visualize(options: VisualizeOptions, console: Console) -> None:
    """Draws pictures into a run and says what came of it.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.ascent.config import VisualizationConfig
    from precompute.feature_visualization.channels.visualize import VisualizeRequest, visualize
    from precompute.models.sources.reloading import Whereabouts
    from precompute.pipeline.run import device_of

    for name in ("steps", "batch_size"):
        require_positive(name, getattr(options, name))
    config = VisualizationConfig(
        n_steps=options.steps,
        method=options.method,
        batch_size=options.batch_size,
        seed=options.seed,
        device=str(device_of(options.device)),
        precision=options.precision,
    )
    request = VisualizeRequest(
        options.run,
        None if options.layers == "all" else names_in(options.layers),
        None if options.channels == "all" else numbers_in("--channels", options.channels),
        names_in(options.kinds),
        options.limit,
        Whereabouts(options.model, options.weights, options.model_path),
        options.size,
        config,
    )
    report = visualize(request, ConsoleProgress(console))
    there = f"; {report.n_there:,} were there" if report.n_there else ""
    console.print(f"Drew {report.n_drawn:,} pictures{there}.", highlight=False)
    if report.dead:
        names = ", ".join(f"{key.layer}-{key.channel}" for key in report.dead[:8])
        more = ", ..." if len(report.dead) > 8 else ""
        found = f"No picture raises the objective of {len(report.dead):,}, so none is shown: {names}{more}."
        console.print(escape(found), highlight=False, soft_wrap=True)
    print_pictures(report.facts, console)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)
