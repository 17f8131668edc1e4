"""`summit-dash demo`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Host, Open, Port
from summit_dash.commands.serve import open_dashboard
from summit_dash.server.defaults import HOST, PORT
from summit_dash.server.settings import read_settings

__all__ = ["DemoOptions", "demo"]


@dataclass(frozen=True)
class DemoOptions:
    """Make the built-in demo run (about two minutes, then cached) and open the dashboard on it.

    A small network, trained on drawn scenes of 32 classes, ships with the package: nothing is downloaded.
    """

    out: Annotated[Path | None, typer.Option(help="Folder of the run; your cache folder by default.")] = None
    images_per_class: Annotated[int | None, typer.Option(help="Scenes drawn per class.", min=1, max=9999)] = None
    serve_it: Annotated[bool, typer.Option("--serve/--no-serve", help="Open the dashboard when the run is made.")] = (
        True
    )
    host: Host = HOST
    port: Port = PORT
    open_browser: Open = True


def _run(options: DemoOptions) -> None:
    from platformdirs import user_cache_path

    from precompute.commands.demo import run_demo

    folder = options.out or user_cache_path("summit-dash") / "demo"
    run_demo(folder, options.images_per_class, CONSOLE)
    if options.serve_it:
        settings = read_settings(runs=(str(folder),), host=options.host, port=options.port)
        open_dashboard(settings, options.open_browser)
    else:
        CONSOLE.print(f"Run: {folder}\nOpen it: summit-dash serve {folder}", highlight=False)


demo = build_command(DemoOptions, _run)
