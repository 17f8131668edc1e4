"""`summit-dash export`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Run
from precompute.contract.errors import InputError
from summit_dash.export.formats import FORMATS

__all__ = ["ExportOptions", "export"]


@dataclass(frozen=True)
class ExportOptions:
    """Write a run as a static interactive site, as Summit's own files, or one attribution graph or comparison as files.

    Needs neither torch nor a browser. A site opens from a file or from any web server, without Python.

    Examples:

    `summit-dash export runs/photos site/`

    `summit-dash export runs/photos bears/ --classes "black bear;brown bear"`

    `summit-dash export runs/photos bear.svg --graph "black bear"`

    `summit-dash export runs/photos bears --graph "black bear" --vs "brown bear" --format svg,png,graphml,json,csv`

    The last writes `bears.svg`, `bears.png`, `bears.graphml`, `bears.json`, `bears-nodes.csv` and `bears-edges.csv`.
    Each format puts its ending after OUT, whose own ending may be that of one of the formats.

    `summit-dash export runs/photos summit-data/ --as summit`

    This writes what Summit's web app and `import-summit` read; docs/import_summit.md says what the app can show.
    """

    run: Run
    out: Annotated[
        str,
        typer.Argument(
            help="Folder of the site, or of Summit's files. With --graph: file or stem of the files; or a folder (one "
            "that exists, or ends with `/`), and the files are called after the class.",
            show_default=False,
            metavar="OUT",
        ),
    ]
    graph: Annotated[
        str | None,
        typer.Option(
            help="One graph as files. Class: its name, synset or class_id; `#3` is the class_id.",
            metavar="CLASS",
            show_default=False,
        ),
    ] = None
    kind: Annotated[
        str | None,
        typer.Option("--as", help="`site` (the default without --graph) or `summit`.", show_default=False),
    ] = None
    classes: Annotated[
        str | None,
        typer.Option(
            help="Classes that the site or Summit's files hold, parted by `;`; all by default.", show_default=False
        ),
    ] = None
    vs: Annotated[
        str | None, typer.Option(help="Second class, B of a comparison.", metavar="CLASS", show_default=False)
    ] = None
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            help=f"Some of `{','.join(FORMATS)}`; by default that of OUT's ending, else `svg`.",
            show_default=False,
        ),
    ] = None
    theme: Annotated[str, typer.Option(help="`light` or `dark`.")] = "light"
    covers: Annotated[
        float,
        typer.Option(help="Keep the channels that cover this percentage of activation; 100 keeps all.", min=1, max=100),
    ] = 100
    size: Annotated[
        str, typer.Option(help="Room for the graph in pixels; a picture grows where the graph needs more.")
    ] = "1200x800"
    scale: Annotated[float, typer.Option(help="Pixels of a PNG for each of the SVG's.", min=0.1, max=10)] = 2
    selection: Annotated[
        str, typer.Option(help="Channels of the graph: chosen by `pagerank`, or by `effect`, as `faithfulness` does.")
    ] = "pagerank"
    size_by: Annotated[str, typer.Option(help="Area of a channel: `count`, `pagerank` or `effect`.")] = "count"
    color_by: Annotated[
        str, typer.Option(help="Colour of a channel's ring: `plain`, `count`, `pagerank` or `effect`.")
    ] = "plain"
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False


def _run(options: ExportOptions) -> None:
    """Writes a site, Summit's files, or the files of one graph.

    Raises:
        InputError: an option does not go with the others, or bad input of any kind.
    """
    if options.kind not in (None, *_FOLDERS):
        raise InputError(f"--as is {' or '.join(_FOLDERS)}.", f"It is {options.kind!r}.", "Choose one of them.")
    if options.graph is not None:
        _write_graph(options, options.graph)
        return
    for flag, value in (("--vs", options.vs), ("--format", options.formats)):
        if value is not None:
            raise InputError(f"{flag} belongs to the files of one graph.", "No --graph is given.", "Name its class.")
    _FOLDERS[options.kind or "site"](options)


def _write_site(options: ExportOptions) -> None:
    from summit_dash.export.site_command import run_export_site

    folder = Path(options.out)
    written = run_export_site(options.run, folder, options.classes, options.overwrite, CONSOLE)
    size = f"{written.n_files:,} files, {written.n_bytes / 1e6:,.1f} MB"
    typer.echo(f"{options.out}: {size}. Open {folder / 'index.html'}.")


def _write_summit(options: ExportOptions) -> None:
    from summit_dash.export.summit_command import run_export_summit
    from summit_dash.run.text import format_plural

    written = run_export_summit(options.run, Path(options.out), options.classes, options.overwrite, CONSOLE)
    classes = format_plural(written.n_classes, "class", "classes")
    size = f"{classes}, {format_plural(written.n_pictures, 'picture')}, {written.n_bytes / 1e6:,.1f} MB"
    typer.echo(f"{options.out}: {size}.")


_FOLDERS = {"site": _write_site, "summit": _write_summit}
"""The kinds of --as, each with what writes it."""


def _write_graph(options: ExportOptions, graph: str) -> None:
    from summit_dash.export.command import GraphFlags, run_export_graph

    for flag, value in (("--as", options.kind), ("--classes", options.classes)):
        if value is not None:
            raise InputError(f"{flag} belongs to a whole run.", "--graph is given.", "Leave one of them out.")
    flags = GraphFlags(
        graph,
        vs=options.vs,
        formats=options.formats,
        theme=options.theme,
        covers=options.covers,
        size=options.size,
        scale=options.scale,
        selection=options.selection,
        size_by=options.size_by,
        color_by=options.color_by,
        overwrite=options.overwrite,
    )
    for path in run_export_graph(options.run, options.out, flags, partial(typer.echo, err=True)):
        typer.echo(path)


export = build_command(ExportOptions, _run)
