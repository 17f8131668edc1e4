"""`summit-dash demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summit_dash.commands.options import Host, Open, Port, console
from summit_dash.commands.serve import open_dashboard

__all__ = ["demo"]


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder of the run; your cache folder by default.")] = None,
    images_per_class: Annotated[int | None, typer.Option(help="Scenes drawn per class.", min=1, max=9999)] = None,
    serve_it: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the dashboard when the run is made.")
    ] = True,
    host: Host = "127.0.0.1",
    port: Port = 8050,
    open_browser: Open = True,
) -> None:
    """Make the built-in demo run (about two minutes, then cached) and open the dashboard on it.

    A small network, trained on drawn scenes of 32 classes, ships with the package: nothing is downloaded.
    """
    from platformdirs import user_cache_path

    from precompute.commands.demo import run_demo

    folder = out or user_cache_path("summit-dash") / "demo"
    run_demo(folder, images_per_class, console)
    if serve_it:
        open_dashboard([folder], host, port, 8, open_browser)
    else:
        console.print(f"Run: {folder}\nOpen it: summit-dash serve {folder}", highlight=False)
