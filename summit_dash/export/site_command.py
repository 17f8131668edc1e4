"""The command `export` without --graph: a static site of a run."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from summit_dash.export.site import SiteSize, write_site
from summit_dash.pages.asset_files import find_assets
from summit_dash.run.find_class import explain_numbers, find_classes
from summit_dash.run.store import RunStore

__all__ = ["run_export_site"]


def run_export_site(run: Path, out: Path, classes: str | None, overwrite: bool, console: Console) -> SiteSize:
    """Writes the site and shows its progress on the console.

    Args:
        run: folder of the run.
        out: folder of the site.
        classes: ids, ranges of ids, synsets or names, separated by `;`; None for all classes of the run.
        overwrite: replaces a site in the folder.
        console: shows the progress.

    Raises:
        InputError: a class is not in the run, or the folder holds something else.
    """
    store = RunStore(run)
    if classes is not None:
        for sentence in explain_numbers(store.classes, classes):
            console.print(sentence, highlight=False, markup=False, soft_wrap=True)
        store = RunStore(run, only={info.class_id for info in find_classes(store.classes, classes)})
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("")

        def report(path: str, n_written: int) -> None:
            if n_written % 50 == 0:
                progress.update(task, description=f"{n_written:,} files, {path}")

        return write_site(store, out, find_assets(), report, overwrite)
