"""`summit-dash import-summit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summit_dash.commands.options import console

__all__ = ["import_summit"]


def import_summit(
    folder: Annotated[
        Path,
        typer.Argument(help="Summit's published data, with `data/ag` in it.", show_default=False, metavar="DIR"),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run.", show_default=False)],
    labels: Annotated[
        Path | None,
        typer.Option(help="File .csv with class_id,class_name and, where known, synset,group.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace another run in the folder.")] = False,
) -> None:
    """Make a run of Summit's published data, and say what is wrong with it and what it does not tell.

    Needs neither torch nor ImageNet; see docs/import_summit.md for what is kept.

    Example: `summit-dash import-summit summit-data --labels labels.csv --out runs/summit`
    """
    from precompute.commands.import_summit import run_import_summit

    run_import_summit(folder, out, labels, overwrite, console)
