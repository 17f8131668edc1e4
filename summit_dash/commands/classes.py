"""The classes that an option names, as everywhere in the dashboard."""

from __future__ import annotations

from pathlib import Path

from precompute.commands.options import CONSOLE

__all__ = ["find_class_ids"]


def find_class_ids(run: Path, text: str | None) -> tuple[int, ...] | None:
    """Finds the classes that an option names, and prints for which class a bare number was taken.

    Args:
        run: the run's folder.
        text: names, ids and ranges of ids, parted by `;`; None: the option is left out.

    Raises:
        InputError: a class is not the run's.
    """
    if text is None:
        return None
    from summit_dash.run.find_class import explain_numbers, find_classes
    from summit_dash.run.store import RunStore

    known = RunStore(run).classes
    found = find_classes(known, text)
    for sentence in explain_numbers(known, text):
        CONSOLE.print(sentence, highlight=False, markup=False, soft_wrap=True)
    return tuple(info.class_id for info in found)
