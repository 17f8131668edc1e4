"""Arguments that several commands have, and where they print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

__all__ = [
    "CONSOLE",
    "BatchSize",
    "Device",
    "Gpus",
    "Host",
    "Layers",
    "Model",
    "ModelPath",
    "MovedModel",
    "MovedWeights",
    "Open",
    "Port",
    "PreprocessFile",
    "Run",
    "Seed",
    "Threads",
    "Weights",
    "build_wide_console",
]

CONSOLE = Console(stderr=True)
"""Standard error, for progress and reports: standard output is for results."""

Run = Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)]
Model = Annotated[
    str,
    typer.Argument(
        help="`torchvision:NAME`, `timm:NAME`, `FILE.py:FUNCTION` or `demo`.", show_default=False, metavar="MODEL"
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        help="File of torch.save or safetensors, `FILE:KEY` for some of the weights in it, `default` (published ones) "
        "or `random`.",
        show_default=False,
    ),
]
ModelPath = Annotated[
    list[str] | None,
    typer.Option(
        help="Folder that a model file imports from, besides its own and its package's; may be repeated.",
        show_default=False,
    ),
]
PreprocessFile = Annotated[
    str | None,
    typer.Option(
        "--preprocess", help="TOML file: resize, crop, channels, scale, mean, std; or `auto`.", show_default=False
    ),
]
Layers = Annotated[str, typer.Option(help="`auto`, or module names: `NAME,NAME`.")]
Device = Annotated[str, typer.Option(help="`auto` (CUDA or the CPU), `cpu`, `cuda`, `xpu` or `mps`.")]
BatchSize = Annotated[
    int | None,
    typer.Option(
        help="Pictures optimised together, at most; by default a few on a CPU, and what the memory holds on a GPU.",
        show_default=False,
    ),
]
Gpus = Annotated[
    int | None,
    typer.Option(help="Workers of the engine `ray` with a GPU each, one for each device.", min=1, show_default=False),
]
Seed = Annotated[int, typer.Option(help="Of starts and movements.", min=0)]
MovedModel = Annotated[
    str | None, typer.Option("--model", help="Where the run's model is now, if it has moved.", show_default=False)
]
MovedWeights = Annotated[
    str | None,
    typer.Option("--weights", help="Where its weights are now, or if the run does not say.", show_default=False),
]
Host = Annotated[str, typer.Option(help="Address to listen on; `0.0.0.0` for the whole network.")]
Port = Annotated[int, typer.Option(help="Port; the next free one if it is taken.", min=0, max=65535)]
Threads = Annotated[int, typer.Option("--workers", help="Threads that answer requests.", min=1)]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")]


def build_wide_console() -> Console:
    """Builds the standard output for tables: names stay whole, also where it is piped or the terminal is narrow."""
    return Console(width=max(200, Console().width))
