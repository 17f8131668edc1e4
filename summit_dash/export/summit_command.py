"""The command `export --as summit`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from precompute.contract.progress import ConsoleProgress
from summit_dash.export.summit import SummitFiles, list_app_limits, select_classes, write_summit
from summit_dash.run.find_class import explain_numbers, find_classes
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_plural

__all__ = ["run_export_summit"]


def run_export_summit(run: Path, out: Path, classes: str | None, overwrite: bool, console: Console) -> SummitFiles:
    """Writes Summit's files of a run, and says what they lack and what keeps Summit's app from showing them.

    Args:
        run: folder of the run.
        out: folder of the files.
        classes: ids, ranges of ids, synsets or names, separated by `;`; None for all classes of the run.
        overwrite: replaces an earlier export.
        console: shows the progress.

    Raises:
        InputError: a class is not in the run, the run lacks a table, or the folder holds something else.
    """
    store = RunStore(run)
    if classes is not None:
        for sentence in explain_numbers(store.classes, classes):
            _say(sentence, console)
        store = RunStore(run, only={info.class_id for info in find_classes(store.classes, classes)})
    shown = set(select_classes(store))
    left_out = [info for class_id, info in store.classes.items() if class_id not in shown]
    if left_out:
        store = RunStore(run, only=shown)
        count = format_plural(len(left_out), "class", "classes")
        _say(f"Left out, without images or attribution graph: {count}, such as {left_out[0].short_name}.", console)
    written = write_summit(store, out, ConsoleProgress(console), overwrite)
    for sentence in [*_list_gaps(store), *(f"Summit's app: {limit}" for limit in list_app_limits(store))]:
        _say(sentence, console)
    return written


def _list_gaps(store: RunStore) -> list[str]:
    gaps = []
    if not store.has_accuracy:
        gaps.append("Accuracies: the run has none; the app shows NaN.")
    elif n := sum(info.top1_accuracy is None for info in store.classes.values()):
        gaps.append(f"Accuracies: none for {n:,} of {len(store.classes):,} classes; the app shows NaN.")
    if not store.has("feature_visualizations"):
        gaps.append("Feature visualizations: the run has none; the app shows empty places.")
    if not store.has("dataset_examples"):
        gaps.append("Dataset examples: the run has none.")
    return gaps


def _say(sentence: str, console: Console) -> None:
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)
