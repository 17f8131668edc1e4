"""`summit-dash spritemaps`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summit_dash.commands.options import Run, console

__all__ = ["spritemaps"]

spritemaps = typer.Typer(
    help="Sheets of a layer's feature visualizations, in the order of its channels: out of a run and into one.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@spritemaps.command("export")
def export_spritemaps(
    run: Run,
    out: Annotated[Path, typer.Argument(help="Folder of the sheets.", show_default=False, metavar="DIR")],
    layers: Annotated[str, typer.Option(help="`all`, or some of the run's: `NAME,NAME`.")] = "all",
    kinds: Annotated[
        str, typer.Option(help="Some of `channel,neuron,negative,diversity`: a sheet for each.")
    ] = "channel",
    columns: Annotated[
        int | None,
        typer.Option(
            help="Cells side by side; by default the root of the number of channels, rounded up.",
            min=1,
            show_default=False,
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            help="Side of a cell in pixels; by default that of the layer's pictures.",
            min=1,
            max=4096,
            show_default=False,
        ),
    ] = None,
    format: Annotated[str, typer.Option("--format", help="`png`, `webp` (both keep every pixel), or `jpg`.")] = "png",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Write one sheet per layer, and `spritemaps.json`, by which they are imported again exactly.

    The cell of a channel without a picture is mid grey.

    Examples:

    `summit-dash spritemaps export runs/photos sheets/`

    `summit-dash spritemaps export runs/photos sheets/ --layers mixed4d --kinds channel,diversity --size 110`
    """
    from precompute.commands.spritemaps import ExportOptions, run_export_spritemaps

    options = {name: value for name, value in locals().items() if name in ExportOptions.__dataclass_fields__}
    run_export_spritemaps(ExportOptions(**options), console)


@spritemaps.command("import")
def import_spritemaps(
    run: Run,
    sheets: Annotated[
        list[str],
        typer.Argument(
            help="`LAYER=FILE`, or a folder with `spritemaps.json`; with `--layout summit` also a folder of strips, "
            "each called after its layer and first channel (`mixed3a-00010.jpg`).",
            show_default=False,
            metavar="SHEET...",
        ),
    ],
    layout: Annotated[
        str | None,
        typer.Option(
            help="`grid`: a cell per channel, row by row; `summit`: a row per channel, 147 px, with examples behind.",
            show_default=False,
        ),
    ] = None,
    cell: Annotated[
        int | None, typer.Option(help="Side of a picture in pixels; found by default.", min=1, show_default=False)
    ] = None,
    columns: Annotated[
        int | None, typer.Option(help="Cells side by side; found by default.", min=1, show_default=False)
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            help="What a grid shows, by default `channel`; or a strip's pictures from the left, by default "
            "`neuron,channel,negative,diversity`.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace pictures that were drawn for the run.")
    ] = False,
) -> None:
    """Put the pictures of sheets into a run: those that `export` wrote, or anyone's of the same model.

    Cells of one colour are no pictures. An open dashboard shows the pictures when its page is loaded again.

    Examples:

    `summit-dash spritemaps import runs/photos sheets/`

    `summit-dash spritemaps import runs/photos mixed3a=sprite_mixed3a.jpeg mixed4d=sprite_mixed4d.jpeg`

    `summit-dash spritemaps import runs/summit googlenet/images/ --layout summit`
    """
    from precompute.commands.spritemaps import ImportOptions, run_import_spritemaps

    options = ImportOptions(run, tuple(sheets), layout, cell, columns, kind, overwrite)
    run_import_spritemaps(options, console)
