"""The open runs of a dashboard, and beside them the open transfer results."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from precompute.contract.errors import InputError
from precompute.contract.schema import MANIFEST
from precompute.contract.transfer_tables import TRANSFER_MANIFEST, is_transfer
from summit_dash.run.names import name_runs, split_name
from summit_dash.run.store import RunStore
from summit_dash.run.transfer_store import TransferStore

__all__ = ["Entry", "Stores", "open_runs"]

Entry: TypeAlias = RunStore | TransferStore
"""A run or a transfer result."""
_DEPTH = 2
"""Folders below the one that is named, in which runs and results are looked for."""


def open_runs(texts: Iterable[str]) -> list[Entry]:
    """Opens runs and transfer results, each given as a folder or as `NAME=FOLDER`.

    Of a folder that is neither, those inside it are opened.

    Raises:
        InputError: a folder is no run, no result and holds none, or tables are missing.
    """
    return [entry for text in texts for entry in _open(*split_name(text))]


def _open(folder: Path, name: str | None) -> list[Entry]:
    if is_transfer(folder):
        return [TransferStore(folder, name)]
    inside = [] if (folder / MANIFEST).is_file() else _find_inside(folder)
    if not inside:
        return [RunStore(folder, name)]
    opened: list[Entry] = []
    refused: list[InputError] = []
    for each in inside:
        try:
            opened.append(TransferStore(each) if is_transfer(each) else RunStore(each))
        except InputError as problem:  # one that is being made does not hide the others
            refused.append(problem)
    if not opened:
        raise refused[0]
    return opened


def _find_inside(folder: Path, depth: int = _DEPTH) -> list[Path]:
    """Finds the runs and results in a folder, by their names; what lies inside one of them is part of it."""
    if not depth or not folder.is_dir():
        return []
    found: list[Path] = []
    for each in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        is_one = (each / MANIFEST).is_file() or (each / TRANSFER_MANIFEST).is_file()
        found += [each] if is_one else _find_inside(each, depth - 1)
    return found


class Stores(Mapping[str, RunStore]):
    """The open runs by name (`name_runs`), in the order given. The first one is the default.

    Args:
        stores: runs and transfer results.

    Attributes:
        results: the open transfer results by name; no run has one of these names.

    Raises:
        ValueError: there is neither a run nor a result.
    """

    def __init__(self, stores: Iterable[Entry]) -> None:
        opened = list(stores)
        if not opened:
            raise ValueError("The dashboard needs at least one run.")
        self._stores: dict[str, RunStore] = {}
        self.results: dict[str, TransferStore] = {}
        for store, name in zip(opened, name_runs(opened), strict=True):
            store.name = name
            if isinstance(store, RunStore):
                self._stores[name] = store
            else:
                self.results[name] = store

    def __getitem__(self, name: str) -> RunStore:
        """Returns a run, with its newest pictures. One whose folder is gone is returned as it was."""
        store = self._stores[name]
        with contextlib.suppress(OSError, InputError):
            store.refresh()
        return store

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores)

    def __len__(self) -> int:
        return len(self._stores)

    def find(self, name: str) -> Entry | None:
        """Returns the run or the result of a name, as it is on disk now; None where there is none."""
        if name in self._stores:
            return self[name]
        result = self.results.get(name)
        if result is not None:
            with contextlib.suppress(OSError, InputError):
                result.refresh()
        return result

    @property
    def entries(self) -> Sequence[Entry]:
        """The runs, then the results, as the page lists them."""
        found = [self.find(name) for name in (*self._stores, *self.results)]
        return [each for each in found if each is not None]

    def warm(self) -> None:
        """Reads what every visitor needs of every run, so that the first one does not wait."""
        for store in self.values():
            store.warm()
