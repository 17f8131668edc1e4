"""The names of the open runs: short where that is enough, different where several are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

__all__ = ["describe_place", "name_runs", "split_name"]

_SAY_NOTHING = {"run", "runs", "out", "output", "outputs", "result", "results"}
"""Folders whose names do not say what is in them."""


class _Run(Protocol):
    """A run to be named; `given_name` is the one that a person chose, None where nobody did."""

    given_name: str | None
    path: Path

    @property
    def model_name(self) -> str: ...

    @property
    def dataset_name(self) -> str: ...


def describe_place(folder: Path) -> str:
    """Describes a folder for a person, with `~` for the home folder."""
    home = Path.home()
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)


def split_name(text: str) -> tuple[Path, str | None]:
    """Splits `NAME=RUN` into the folder and the name, None without one; a folder may have `=` in its own name."""
    name, sign, folder = text.partition("=")
    if not sign or not name.strip() or Path(text).exists():
        return Path(text), None
    return Path(folder), name.strip()


def name_runs(runs: Sequence[_Run]) -> list[str]:
    """Names the open runs, in their order.

    A name that a person gave is kept. Otherwise a run is called by the first of these that no other one is called by:
    its folder, its model, model and dataset, these and the folder, and so on with more of the path. The name of a
    folder such as `run` is passed over. Runs that are the same, or were given the same name, are numbered.
    """
    forms = [[run.given_name] if run.given_name else _list_forms(run) for run in runs]
    level = [0] * len(runs)
    while True:
        names = [form[at].replace("/", "-") for form, at in zip(forms, level, strict=True)]
        counts = Counter(names)
        longer = [i for i, name in enumerate(names) if counts[name] > 1 and level[i] + 1 < len(forms[i])]
        if not longer:
            return _number(names)
        for i in longer:
            level[i] += 1


def _number(names: Sequence[str]) -> list[str]:
    """Numbers names that several runs have, from the second on, past numbers that are names themselves."""
    found: list[str] = []
    for place, name in enumerate(names):
        numbered, number = name, 1
        while numbered in found or (number > 1 and numbered in names[place + 1 :]):
            number += 1
            numbered = f"{name} {number}"
        found.append(numbered)
    return found


def _list_forms(run: _Run) -> list[str]:
    """Lists what a run may be called, the shortest first."""
    folder = [] if run.path.name.lower() in _SAY_NOTHING else [run.path.name]
    both = f"{run.model_name}, {run.dataset_name}"
    parts = [part for part in reversed(run.path.parts) if part != run.path.anchor]
    deeper = [f"{both}, {'-'.join(reversed(parts[:n]))}" for n in range(1, len(parts) + 1)]
    return [*folder, run.model_name, both, *deeper]
