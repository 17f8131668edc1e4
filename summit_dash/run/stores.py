"""The open runs of a dashboard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from summit_dash.run.store import RunStore

__all__ = ["Stores"]


class Stores(Mapping[str, RunStore]):
    """The open runs by name, in the order given. The first one is the default. A name that is taken gets "-2" added.

    Raises:
        ValueError: there is no run.
    """

    def __init__(self, stores: Iterable[RunStore]) -> None:
        self._stores: dict[str, RunStore] = {}
        for store in stores:
            while store.name in self._stores:
                store.name += "-2"
            self._stores[store.name] = store
        if not self._stores:
            raise ValueError("The dashboard needs at least one run.")

    def __getitem__(self, name: str) -> RunStore:
        """Returns a run, with its newest pictures."""
        store = self._stores[name]
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
