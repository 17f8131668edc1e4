"""`summit-dash spritemaps`: sheets of a layer's pictures, out of a run and into one; needs no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from precompute.commands.shared import names_in

if TYPE_CHECKING:
    from precompute.feature_visualization.spritemaps.importing import ImportReport

__all__ = ["ExportOptions", "ImportOptions", "run_export_spritemaps", "run_import_spritemaps"]

_MOST_LINES = 20


@dataclass(frozen=True)
class ExportOptions:
    """The options of `summit-dash spritemaps export`, as given; see its --help."""

    run: Path
    out: Path
    layers: str = "all"
    kinds: str = "channel"
    columns: int | None = None
    size: int | None = None
    format: str = "png"
    overwrite: bool = False


@dataclass(frozen=True)
class ImportOptions:
    """The options of `summit-dash spritemaps import`, as given; see its --help."""

    run: Path
    sheets: tuple[str, ...]
    layout: str | None = None
    cell: int | None = None
    columns: int | None = None
    kind: str | None = None
    overwrite: bool = False


def run_export_spritemaps(options: ExportOptions, console: Console) -> None:
    """Writes sheets and says what is on them.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.spritemaps.exporting import ExportRequest, export_spritemaps

    request = ExportRequest(
        options.run,
        options.out,
        None if options.layers == "all" else names_in(options.layers),
        names_in(options.kinds),
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
        _say(f"No pictures of these kinds in {', '.join(report.without)}.", console)
    if report.n_resized:
        _say(f"{report.n_resized:,} pictures were brought to the size of their sheet's cells.", console)
    _say(f"Wrote {len(report.sheets):,} sheets and spritemaps.json into {options.out}.", console)


def run_import_spritemaps(options: ImportOptions, console: Console) -> None:
    """Puts the pictures of sheets into a run and says what came of it.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.contract.progress import ConsoleProgress
    from precompute.feature_visualization.spritemaps.importing import ImportRequest, import_spritemaps

    request = ImportRequest(
        options.run,
        options.sheets,
        options.layout,
        options.cell,
        options.columns,
        None if options.kind is None else names_in(options.kind),
        options.overwrite,
    )
    report = import_spritemaps(request, ConsoleProgress(console))
    _print_lines(
        (
            f"{sheet.source.path.name} as {sheet.source.layer}: {sheet.layout}, {len(sheet.pictures):,} pictures"
            for sheet in report.sheets
        ),
        console,
    )
    for sentence in _told(report):
        _say(sentence, console)
    _say(f"Run: {options.run}\nOpen it: summit-dash serve {options.run}", console)


def _told(report: ImportReport) -> Iterator[str]:
    replaced = f", {report.n_replaced:,} of them in the place of others" if report.n_replaced else ""
    empty = f"; {report.n_empty:,} cells are empty" if report.n_empty else ""
    yield f"Put {report.n_pictures:,} pictures into the run{replaced}{empty}."
    if report.n_examples:
        yield f"Put {report.n_examples:,} dataset examples into the run."
    if report.n_examples_there:
        yield f"Left out {report.n_examples_there:,} examples of channels that have some."
    if report.n_examples_unknown:
        yield (
            f"Left out {report.n_examples_unknown:,} examples: a strip does not tell image, activation and place, "
            "which only runs that were imported may lack."
        )
    if report.n_least:
        yield f"Left out {report.n_least:,} examples of the lower rows, which show what excites a channel least."
    if report.strangers:
        named = ", ".join(report.strangers[:3]) + (", ..." if len(report.strangers) > 3 else "")
        yield f"Left out {len(report.strangers):,} files not called after a layer and its first channel: {named}."


def _print_lines(lines: Iterator[str], console: Console) -> None:
    shown = list(lines)
    for line in shown[:_MOST_LINES]:
        _say(line, console)
    if len(shown) > _MOST_LINES:
        _say(f"... and {len(shown) - _MOST_LINES:,} more", console)


def _say(text: str, console: Console) -> None:
    console.print(escape(text), highlight=False, soft_wrap=True)
