"""The storage of prototypes: batch by batch beside the table `prototypes`, then in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from precompute.contract.schema import TABLES
from precompute.feature_visualization.storage.part_store import NoteFacts, PartStore, Row, select_used_settings

__all__ = ["PrototypeKey", "PrototypeStore"]


class PrototypeKey(NamedTuple):
    """The key of a prototype in the table; `method` is one of `schema.PROTOTYPE_METHODS`."""

    class_id: int
    method: str


class PrototypeStore:
    """The prototypes of a run. The process that uses the store holds the run's lock.

    Args:
        run: the run's directory.
        facts: the manifest's `prototypes`.
        note: see `NoteFacts`.
    """

    def __init__(self, run: Path, facts: Mapping[str, Any], note: NoteFacts) -> None:
        columns = TABLES["prototypes"].columns
        part = pa.schema([(column.name, column.type) for column in columns])
        self._store, self._note = PartStore(run, "prototypes", "prototypes", part), note
        self._settings: dict[str, Any] = dict(facts.get("settings", {}))
        self.facts = dict(facts)

    def find_known(self, method: str, settings: str) -> set[int]:
        """Finds the classes whose prototype was drawn by this method with these settings."""
        rows = self._merge(self._store.read_parts().rows)
        return {key.class_id for key, row in rows.items() if (key.method, row["settings"]) == (method, settings)}

    def keep(self, rows: Sequence[Row]) -> None:
        """Stores one finished batch of one method beside the table."""
        first = rows[0]
        self._store.keep(f"{first['class_id']}-{first['method']}-{first['settings']}", rows)

    def fold(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Moves all stored batches into the table, and updates the manifest's facts.

        Args:
            settings: settings by name; added to those that are known.
        """
        paths, parts = self._store.read_parts()
        rows = self._merge(parts)
        used = {row["settings"] for row in rows.values()}
        self._settings = select_used_settings({**self._settings, **settings}, used)
        self.facts |= {"n_prototypes": len(rows), "settings": self._settings}
        self._store.replace([rows[key] for key in sorted(rows)], lambda: self._note(self.facts), paths)

    def _merge(self, parts: Sequence[Row]) -> dict[PrototypeKey, Row]:
        return {PrototypeKey(row["class_id"], row["method"]): row for row in (*self._store.read_rows(), *parts)}
