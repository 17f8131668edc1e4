"""`summit-dash import-summit`: a run of Summit's published data."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

__all__ = ["run_import_summit"]


def run_import_summit(folder: Path, out: Path, labels: Path | None, overwrite: bool, console: Console) -> None:
    """Makes a run of Summit's published data and says what is wrong with it; needs no torch.

    Raises:
        InputError: bad input of any kind.
    """
    from precompute.contract.progress import ConsoleProgress
    from precompute.import_summit.importing import ImportRequest, import_summit
    from precompute.import_summit.report import print_import

    report = import_summit(ImportRequest(folder, out, labels, overwrite), ConsoleProgress(console))
    print_import(report.manifest, out, console)
    if not report.is_new:
        console.print("The run was there already, of the same data: nothing was changed.", highlight=False)
