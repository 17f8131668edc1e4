"""`summit-dash export`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from precompute.contract.errors import InputError
from summit_dash.commands.options import Run, console

__all__ = ["export"]


def export(
    run: Run,
    out: Annotated[
        str,
        typer.Argument(
            help="Folder of the site. With --graph: file or stem of the files; or a folder (one that exists, or ends "
            "with `/`), and the files are called after the class.",
            show_default=False,
            metavar="OUT",
        ),
    ],
    graph: Annotated[
        str | None,
        typer.Option(
            help="One graph as files. Class: its name, synset or class_id; `#3` is the class_id.",
            metavar="CLASS",
            show_default=False,
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Classes that the site holds, parted by `;`; all by default.", show_default=False),
    ] = None,
    vs: Annotated[
        str | None, typer.Option(help="Second class, B of a comparison.", metavar="CLASS", show_default=False)
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Some of `svg,png,graphml,json,csv`; by default that of OUT's ending, else `svg`.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[str, typer.Option(help="`light` or `dark`.")] = "light",
    covers: Annotated[
        float,
        typer.Option(help="Keep the channels that cover this percentage of activation; 100 keeps all.", min=1, max=100),
    ] = 100,
    size: Annotated[
        str, typer.Option(help="Room for the graph in pixels; a picture grows where the graph needs more.")
    ] = "1200x800",
    scale: Annotated[float, typer.Option(help="Pixels of a PNG for each of the SVG's.", min=0.1, max=10)] = 2,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Write a run as a static interactive site, or with --graph one attribution graph or comparison as files.

    Needs neither torch nor a browser. A site opens from a file or from any web server, without Python.

    Examples:

    `summit-dash export runs/photos site/`

    `summit-dash export runs/photos bears/ --classes "black bear;brown bear"`

    `summit-dash export runs/photos bear.svg --graph "black bear"`

    `summit-dash export runs/photos bears --graph "black bear" --vs "brown bear" --format svg,png,graphml,json,csv`

    The last writes `bears.svg`, `bears.png`, `bears.graphml`, `bears.json`, `bears-nodes.csv` and `bears-edges.csv`.
    Each format puts its ending after OUT, whose own ending may be that of one of the formats.
    """
    from summit_dash.export.command import GraphFlags, run_export_graph
    from summit_dash.export.site_command import run_export_site

    if graph is None:
        for flag, value in (("--vs", vs), ("--format", formats)):
            if value is not None:
                raise InputError(
                    f"{flag} belongs to the files of one graph.", "No --graph is given.", "Name its class."
                )
        size_of = run_export_site(run, Path(out), classes, overwrite, console)
        typer.echo(
            f"{out}: {size_of.n_files:,} files, {size_of.n_bytes / 1e6:,.1f} MB. Open {Path(out) / 'index.html'}."
        )
        return
    if classes is not None:
        raise InputError("--classes belongs to a site.", "--graph is given.", "Leave one of them out.")
    flags = GraphFlags(graph, vs, formats, theme, covers, size, scale, overwrite)
    for path in run_export_graph(run, out, flags, partial(typer.echo, err=True)):
        typer.echo(path)
