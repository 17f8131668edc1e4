"""The open runs of a dashboard."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping

from precompute.contract.errors import InputError
from summit_dash.run.names import name_runs, split_name
from summit_dash.run.store import RunStore

__all__ = ["Stores", "open_runs"]


def open_runs(texts: Iterable[str]) -> list[RunStore]:
    """Opens runs, each given as a folder or as `NAME=FOLDER`.

    Raises:
        InputError: a folder is no run, or its tables of classes and layers are missing.
    """
    return [RunStore(*split_name(text)) for text in texts]


class Stores(Mapping[str, RunStore]):
    """The open runs by name (`name_runs`), in the order given. The first one is the default.

    Raises:
        ValueError: there is no run.
    """

    def __init__(self, stores: Iterable[RunStore]) -> None:
        opened = list(stores)
        if not opened:
            raise ValueError("The dashboard needs at least one run.")
        self._stores: dict[str, RunStore] = {}
        for store, name in zip(opened, name_runs(opened), strict=True):
            store.name = name
            self._stores[name] = store

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

    def warm(self) -> None:
        """Reads what every visitor needs of every run, so that the first one does not wait."""
        for store in self.values():
            store.warm()
