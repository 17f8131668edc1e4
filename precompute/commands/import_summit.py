"""`summit-dash import-summit`: a run of Summit's published data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE

__all__ = ["ImportSummitOptions", "import_summit", "run_import_summit"]


@dataclass(frozen=True)
class ImportSummitOptions:
    """Make a run of Summit's published data, and say what is wrong with it and what it does not tell.

    Needs neither torch nor ImageNet; see docs/import_summit.md for what is kept.

    Example: `summit-dash import-summit summit-data --labels labels.csv --out runs/summit`
    """

    folder: Annotated[
        Path,
        typer.Argument(help="Summit's published data, with `data/ag` in it.", show_default=False, metavar="DIR"),
    ]
    out: Annotated[Path, typer.Option(help="Folder of the run.", show_default=False)]
    labels: Annotated[
        Path | None,
        typer.Option(help="File .csv with class_id,class_name and, where known, synset,group.", show_default=False),
    ] = None
    overwrite: Annotated[bool, typer.Option(help="Replace another run in the folder.")] = False


def run_import_summit(options: ImportSummitOptions, console: Console = CONSOLE) -> None:
    """Makes a run of Summit's published data and prints what is wrong with it; needs no torch.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.contract.progress import ConsoleProgress
    from precompute.import_summit.importing import ImportRequest
    from precompute.import_summit.importing import import_summit as make_run
    from precompute.import_summit.report import print_import

    request = ImportRequest(options.folder, options.out, options.labels, options.overwrite)
    report = make_run(request, ConsoleProgress(console))
    print_import(report.manifest, options.out, console)
    if not report.is_new:
        console.print("The run was there already, of the same data: nothing was changed.", highlight=False)


import_summit = build_command(ImportSummitOptions, run_import_summit)
