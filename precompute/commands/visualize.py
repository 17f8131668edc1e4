"""`summit-dash visualize`: pictures of channels into a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, BatchSize, Device, ModelPath, MovedModel, MovedWeights, Run, Seed
from precompute.commands.shared import (
    choose_batch_size,
    print_pictures,
    read_numbers,
    require_names,
    require_positive,
    require_precompute,
    split_names,
)
from precompute.feature_visualization.ascent.config import VisualizationConfig

__all__ = ["VisualizeOptions", "run_visualize", "visualize"]


@dataclass(frozen=True)
class VisualizeOptions:
    """Draw feature visualizations of any channels into a run, with the model that made it.

    Interrupt it when you like: the same command goes on where it stopped. What is there already, drawn in the same way,
    is not drawn again; a channel whose objective never rises is named, not drawn.

    Examples:

    `summit-dash visualize runs/photos --limit 300`

    `summit-dash visualize runs/photos --layers mixed4d --channels 0-63 --method maco --steps 256`

    `summit-dash visualize runs/photos --layers mixed4d --channels 479 --kinds channel,negative,diversity`
    """

    run: Run
    layers: Annotated[str, typer.Option(help="`all`, or some of the run's: `NAME,NAME`.")] = "all"
    channels: Annotated[str, typer.Option(help="`all`, or numbers and ranges in each of the layers: `3,20-29`.")] = (
        "all"
    )
    kinds: Annotated[
        str,
        typer.Option(
            help="Some of `channel,neuron,negative,diversity`: the channel everywhere, at the centre, silenced; four "
            "that differ."
        ),
    ] = "channel"
    limit: Annotated[
        int | None, typer.Option(help="Channels at most, those of most graphs first.", min=1, show_default=False)
    ] = None
    method: Annotated[
        str,
        typer.Option(help="`fourier`, `pixel`, or `maco`: phases alone, under the spectrum of the run's own images."),
    ] = VisualizationConfig.method
    size: Annotated[int | None, typer.Option(help="Side of a picture in pixels; 128 or the model's input.", min=16)] = (
        None
    )
    steps: Annotated[int, typer.Option(help="Optimisation steps at most; a picture that rises no more stops.")] = (
        VisualizationConfig.n_steps
    )
    seed: Seed = VisualizationConfig.seed
    batch_size: BatchSize = None
    device: Device = "auto"
    precision: Annotated[
        str,
        typer.Option(help="Of the steps: `float32`, or `bfloat16`; `auto`: bfloat16 where the device computes in it."),
    ] = VisualizationConfig.precision
    model: MovedModel = None
    weights: MovedWeights = None
    model_path: ModelPath = None


def run_visualize(options: VisualizeOptions, console: Console = CONSOLE) -> None:
    """Draws pictures into a run and prints the outcome.

    Raises:
        InputError: bad input of any kind.
    """
    require_precompute()
    require_names(options.model, options.weights)
    from precompute.contract.progress import ConsoleProgress
    from precompute.devices.choice import choose_device
    from precompute.feature_visualization.channels.visualize import VisualizeRequest
    from precompute.feature_visualization.channels.visualize import visualize as draw
    from precompute.models.sources.reloading import Whereabouts

    require_positive("steps", options.steps)
    device = choose_device(options.device)
    config = VisualizationConfig(
        n_steps=options.steps,
        method=options.method,
        batch_size=choose_batch_size(options.batch_size, device, VisualizationConfig.batch_size),
        seed=options.seed,
        device=str(device),
        precision=options.precision,
    )
    request = VisualizeRequest(
        options.run,
        None if options.layers == "all" else split_names(options.layers),
        None if options.channels == "all" else read_numbers("--channels", options.channels),
        split_names(options.kinds),
        options.limit,
        Whereabouts(options.model, options.weights, tuple(options.model_path or ())),
        options.size,
        config,
    )
    report = draw(request, ConsoleProgress(console))
    there = f"; {report.n_there:,} were there" if report.n_there else ""
    console.print(f"Drew {report.n_drawn:,} pictures{there}.", highlight=False)
    if report.dead:
        names = ", ".join(f"{key.layer}-{key.channel}" for key in report.dead[:8])
        more = ", ..." if len(report.dead) > 8 else ""
        found = f"No picture raises the objective of {len(report.dead):,}, so none is shown: {names}{more}."
        console.print(escape(found), highlight=False, soft_wrap=True)
    print_pictures(report.facts, console)
    console.print(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", highlight=False)


visualize = build_command(VisualizeOptions, run_visualize)
