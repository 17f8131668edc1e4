"""`summit-dash prototypes`, whose classes are named as everywhere in the dashboard."""

from __future__ import annotations

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE
from precompute.commands.prototypes import PrototypeOptions, run_prototypes

__all__ = ["prototypes"]


def _run(options: PrototypeOptions) -> None:
    run_prototypes(options, None if options.classes is None else _find_class_ids(options))


def _find_class_ids(options: PrototypeOptions) -> tuple[int, ...]:
    """Finds the classes that the option names, and prints for which class a bare number was taken.

    Raises:
        InputError: a class is not the run's.
    """
    from summit_dash.run.find_class import explain_numbers, find_classes
    from summit_dash.run.store import RunStore

    known, text = RunStore(options.run).classes, options.classes or ""
    found = find_classes(known, text)
    for sentence in explain_numbers(known, text):
        CONSOLE.print(sentence, highlight=False, markup=False, soft_wrap=True)
    return tuple(info.class_id for info in found)


prototypes = build_command(PrototypeOptions, _run)
