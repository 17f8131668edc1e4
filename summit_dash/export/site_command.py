"""The command `export` without --graph: a static site of a run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from precompute.contract.errors import InputError
from precompute.contract.transfer_tables import is_transfer
from summit_dash.export.site import SiteSize, write_site
from summit_dash.pages.asset_files import find_assets
from summit_dash.run.find_class import explain_numbers, find_classes
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Entry
from summit_dash.run.transfer_store import TransferStore

__all__ = ["run_export_site"]


def run_export_site(run: Path, out: Path, classes: str | None, overwrite: bool, console: Console) -> SiteSize:
    """Writes the site and shows its progress on the console.

    Args:
        run: folder of a run, or of a transfer result.
        out: folder of the site.
        classes: ids, ranges of ids, synsets or names, separated by `;`; None for all classes of the run.
        overwrite: replaces a site in the folder.
        console: shows the progress.

    Raises:
        InputError: a class is not in the run, or the folder holds something else.
    """
    store = _open(run, classes, console)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("")

        def report(path: str, n_written: int) -> None:
            if n_written % 50 == 0:
                progress.update(task, description=f"{n_written:,} files, {path}")

        return write_site(store, out, find_assets(), report, overwrite)


def _open(folder: Path, classes: str | None, console: Console) -> Entry:
    if is_transfer(folder):
        if classes is not None:
            raise InputError("A site of a transfer result holds all its classes.", "Found --classes.", "Leave it out.")
        return TransferStore(folder)
    store = RunStore(folder)
    if classes is None:
        return store
    for sentence in explain_numbers(store.classes, classes):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    return RunStore(folder, only={info.class_id for info in find_classes(store.classes, classes)})
