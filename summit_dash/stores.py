"""The runs that are served, and how a selection is resolved against them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from summit_dash.selection import Selection
from summit_dash.store import RunStore

__all__ = ["Stores", "complete"]


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
        return self._stores[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stores)

    def __len__(self) -> int:
        return len(self._stores)

    def pick(self, name: str | None) -> RunStore:
        """The run of that name, else the first."""
        return self._stores.get(name or "", next(iter(self._stores.values())))


def complete(selection: Selection, stores: Stores) -> Selection:
    """The selection with what is not named chosen: the first class, and the last layer. A bad value is left bad."""
    store = stores.pick(selection.run)
    class_id, layer = selection.class_id, selection.layer
    if class_id is None and not selection.text_of("class"):
        class_id = next(iter(store.classes), None)
    if layer is None and store.layers:
        layer = store.layer_names[-1]
    # Labels that are not the model's outputs have no accuracy to sort by.
    sort = selection.sort if store.has_accuracy else "similarity"
    run = selection.run or (store.name if len(stores) > 1 else None)
    return replace(selection, run=run, class_id=class_id, layer=layer, sort=sort)
