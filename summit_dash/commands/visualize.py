"""`summit-dash visualize`."""

from __future__ import annotations

from typing import Annotated

import typer

from summit_dash.commands.options import Device, ModelPath, MovedModel, MovedWeights, Run, Seed, console

__all__ = ["visualize"]


def visualize(
    run: Run,
    layers: Annotated[str, typer.Option(help="`all`, or some of the run's: `NAME,NAME`.")] = "all",
    channels: Annotated[
        str, typer.Option(help="`all`, or numbers and ranges in each of the layers: `3,20-29`.")
    ] = "all",
    kinds: Annotated[
        str,
        typer.Option(
            help="Some of `channel,neuron,negative,diversity`: the channel everywhere, at the centre, silenced; four "
            "that differ."
        ),
    ] = "channel",
    limit: Annotated[
        int | None, typer.Option(help="Channels at most, those of most graphs first.", min=1, show_default=False)
    ] = None,
    method: Annotated[
        str,
        typer.Option(help="`fourier`, `pixel`, or `maco`: phases alone, under the spectrum of the run's own images."),
    ] = "fourier",
    size: Annotated[
        int | None, typer.Option(help="Side of a picture in pixels; 128 or the model's input.", min=16)
    ] = None,
    steps: Annotated[int, typer.Option(help="Optimisation steps at most; a picture that rises no more stops.")] = 128,
    seed: Seed = 0,
    batch_size: Annotated[int, typer.Option(help="Pictures optimised together.")] = 16,
    device: Device = "auto",
    precision: Annotated[
        str,
        typer.Option(help="Of the steps: `float32`, or `bfloat16`; `auto`: bfloat16 where the device computes in it."),
    ] = "auto",
    model: MovedModel = None,
    weights: MovedWeights = None,
    model_path: ModelPath = None,
) -> None:
    """Draw feature visualizations of any channels into a run, with the model that made it.

    Interrupt it when you like: the same command goes on where it stopped. What is there already, drawn in the same way,
    is not drawn again; a channel whose objective never rises is named, not drawn.

    Examples:

    `summit-dash visualize runs/photos --limit 300`

    `summit-dash visualize runs/photos --layers mixed4d --channels 0-63 --method maco --steps 256`

    `summit-dash visualize runs/photos --layers mixed4d --channels 479 --kinds channel,negative,diversity`
    """
    from precompute.commands.visualize import VisualizeOptions, run_visualize

    options = {name: value for name, value in locals().items() if name in VisualizeOptions.__dataclass_fields__}
    options["model_path"] = tuple(model_path or ())
    run_visualize(VisualizeOptions(**options), console)
