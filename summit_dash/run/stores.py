"""The runs that are served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from summit_dash.run.store import RunStore

__all__ = ["Stores"]


class Stores(Mapping[str, RunStore]):
    """The open runs by name, in the order given; the first is shown where none is asked for."""

    def __init__(self, stores: Iterable[RunStore]) -> None:
        self._stores: dict[str, RunStore] = {}
        for store in stores:
            while store.name in self._stores:
                store.name += "-2"
            self._stores[store.name] = store
        if not self._stores:
            raise ValueError("The dashboard needs at least one run.")

    def __getitem__(self, name: str) -> RunStore:
        """The run, with the pictures that it holds by now."""
        store = self._stores[name]
        store.refresh()
        return store

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores)

    def __len__(self) -> int:
        return len(self._stores)

    def warm(self) -> None:
        """Reads what every visitor needs of every run, so that the first does not wait for it."""
        for store in self.values():
            store.warm()
