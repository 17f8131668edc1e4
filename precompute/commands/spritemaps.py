"""`summit-dash spritemaps`: sheets of a layer's pictures, out of a run and into one; needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Run
from precompute.commands.shared import split_names
from precompute.contract.wording import format_count

if TYPE_CHECKING:
    from precompute.feature_visualization.spritemaps.importing import ImportReport

__all__ = ["ExportOptions", "ImportOptions", "run_export_spritemaps", "run_import_spritemaps", "spritemaps"]

_MOST_LINES = 20


@dataclass(frozen=True)
class ExportOptions:
    """Write one sheet per layer, and `spritemaps.json`, by which they are imported again exactly.

    The cell of a channel without a picture is mid grey.

    Examples:

    `summit-dash spritemaps export runs/photos sheets/`

    `summit-dash spritemaps export runs/photos sheets/ --layers mixed4d --kinds channel,diversity --size 110`
    """

    run: Run
    out: Annotated[Path, typer.Argument(help="Folder of the sheets.", show_default=False, metavar="DIR")]
    layers: Annotated[str, typer.Option(help="`all`, or some of the run's: `NAME,NAME`.")] = "all"
    kinds: Annotated[str, typer.Option(help="Some of `channel,neuron,negative,diversity`: a sheet for each.")] = (
        "channel"
    )
    columns: Annotated[
        int | None,
        typer.Option(
            help="Cells side by side; by default the root of the number of channels, rounded up.",
            min=1,
            show_default=False,
        ),
    ] = None
    size: Annotated[
        int | None,
        typer.Option(
            help="Side of a cell in pixels; by default that of the layer's pictures.",
            min=1,
            max=4096,
            show_default=False,
        ),
    ] = None
    format: Annotated[str, typer.Option("--format", help="`png`, `webp` (both keep every pixel), or `jpg`.")] = "png"
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False


@dataclass(frozen=True)
class ImportOptions:
    """Put the pictures of sheets into a run: those that `export` wrote, or anyone's of the same model.

    Cells of one colour are no pictures. An open dashboard shows the pictures when its page is loaded again.

    Examples:

    `summit-dash spritemaps import runs/photos sheets/`

    `summit-dash spritemaps import runs/photos mixed3a=sprite_mixed3a.jpeg mixed4d=sprite_mixed4d.jpeg`

    `summit-dash spritemaps import runs/summit googlenet/images/ --layout summit`
    """

    run: Run
    sheets: Annotated[
        list[str],
        typer.Argument(
            help="`LAYER=FILE`, or a folder with `spritemaps.json`; with `--layout summit` also a folder of strips, "
            "each called after its layer and first channel (`mixed3a-00010.jpg`).",
            show_default=False,
            metavar="SHEET...",
        ),
    ]
    layout: Annotated[
        str | None,
        typer.Option(
            help="`grid`: a cell per channel, row by row; `summit`: a row per channel, 147 px, with examples behind.",
            show_default=False,
        ),
    ] = None
    cell: Annotated[
        int | None, typer.Option(help="Side of a picture in pixels; found by default.", min=1, show_default=False)
    ] = None
    columns: Annotated[
        int | None, typer.Option(help="Cells side by side; found by default.", min=1, show_default=False)
    ] = None
    kind: Annotated[
        str | None,
        typer.Option(
            help="What a grid shows, by default `channel`; or a strip's pictures from the left, by default "
            "`neuron,channel,negative,diversity`.",
            show_default=False,
        ),
    ] = None
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace pictures that were drawn for the run.")] = (
        False
    )


def run_export_spritemaps(options: ExportOptions, console: Console = CONSOLE) -> None:
    """Writes sheets and prints what is on them.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.spritemaps.exporting import ExportRequest, export_spritemaps

    request = ExportRequest(
        options.run,
        options.out,
        None if options.layers == "all" else split_names(options.layers),
        split_names(options.kinds),
        options.columns,
        options.size,
        options.format,
        options.overwrite,
    )
    report = export_spritemaps(request, ConsoleProgress(console))
    _print_lines(
        (
            f"{sheet.file}: {sheet.grid.columns} x {sheet.grid.rows} cells of {sheet.grid.cell} px, "
            f"{sheet.n_channels - len(sheet.empty):,} of {sheet.n_channels:,} channels"
            for sheet in report.sheets
        ),
        console,
    )
    if report.without:
        _print_line(f"No pictures of these kinds in {', '.join(report.without)}.", console)
    if report.n_resized:
        resized = format_count(report.n_resized, "pictures")
        _print_line(f"Brought {resized} to the size of their sheet's cells.", console)
    _print_line(f"Wrote {format_count(len(report.sheets), 'sheets')} and spritemaps.json into {options.out}.", console)


def run_import_spritemaps(options: ImportOptions, console: Console = CONSOLE) -> None:
    """Puts the pictures of sheets into a run and prints the outcome.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.spritemaps.importing import ImportRequest, import_spritemaps

    request = ImportRequest(
        options.run,
        tuple(options.sheets),
        options.layout,
        options.cell,
        options.columns,
        None if options.kind is None else split_names(options.kind),
        options.overwrite,
    )
    report = import_spritemaps(request, ConsoleProgress(console))
    _print_lines(
        (
            f"{sheet.source.path.name} as {sheet.source.layer}: {sheet.layout}, "
            f"{format_count(len(sheet.pictures), 'pictures')}"
            for sheet in report.sheets
        ),
        console,
    )
    for sentence in _describe_report(report):
        _print_line(sentence, console)
    _print_line(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", console)


def _describe_report(report: ImportReport) -> Iterator[str]:
    replaced = f", {report.n_replaced:,} of them in the place of others" if report.n_replaced else ""
    empty = f"; {format_count(report.n_empty, 'cells')} left empty" if report.n_empty else ""
    yield f"Put {format_count(report.n_pictures, 'pictures')} into the run{replaced}{empty}."
    if report.n_examples:
        yield f"Put {format_count(report.n_examples, 'dataset examples')} into the run."
    if report.n_examples_there:
        yield f"Left out {format_count(report.n_examples_there, 'examples')} of channels that have some."
    if report.n_examples_unknown:
        unknown = format_count(report.n_examples_unknown, "examples")
        yield (
            f"Left out {unknown}: a strip does not tell image, activation and place, which only runs that were "
            "imported may lack."
        )
    if report.n_least:
        least = format_count(report.n_least, "examples")
        yield f"Left out {least} of the lower rows, which show what excites a channel least."
    if report.strangers:
        named = ", ".join(report.strangers[:3]) + (", ..." if len(report.strangers) > 3 else "")
        strangers = format_count(len(report.strangers), "files")
        yield f"Left out {strangers} not called after a layer and its first channel: {named}."


def _print_lines(lines: Iterator[str], console: Console) -> None:
    shown = list(lines)
    for line in shown[:_MOST_LINES]:
        _print_line(line, console)
    if len(shown) > _MOST_LINES:
        _print_line(f"... and {len(shown) - _MOST_LINES:,} more", console)


def _print_line(text: str, console: Console) -> None:
    console.print(escape(text), highlight=False, soft_wrap=True)


spritemaps = typer.Typer(
    help="Sheets of a layer's feature visualizations, in the order of its channels: out of a run and into one.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
spritemaps.command("export")(build_command(ExportOptions, run_export_spritemaps))
spritemaps.command("import")(build_command(ImportOptions, run_import_spritemaps))
