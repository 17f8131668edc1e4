"""The storage of channels' pictures: batch by batch beside the table `feature_visualizations`, then in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pyarrow as pa

from precompute.feature_visualization.storage.part_store import NoteFacts, PartStore, Row, select_used_settings

__all__ = ["NoteFacts", "PictureKey", "PictureStore"]

_PART = pa.schema(
    [
        ("layer", pa.string()),
        ("channel", pa.int32()),
        ("kind", pa.string()),
        ("image", pa.binary()),  # null for a dead channel, which is then not tried again
        ("objective_value", pa.float32()),
        ("n_steps", pa.int32()),
        ("initial_objective_value", pa.float32()),
        ("excitation", pa.float32()),
        ("settings", pa.string()),
    ]
)


class PictureKey(NamedTuple):
    """The key of a picture in the table; `kind` is one of `schema.VISUALIZATION_KINDS`."""

    layer: str
    channel: int
    kind: str


class PictureStore:
    """The pictures of a run. The process that uses the store holds the run's lock.

    Args:
        run: the run's directory.
        layers: layers in order from the input; pictures of other layers are dropped.
        facts: the manifest's `visualizations`.
        note: see `NoteFacts`.
    """

    def __init__(self, run: Path, layers: Sequence[str], facts: Mapping[str, Any], note: NoteFacts) -> None:
        self._store, self._note = PartStore(run, "visualize", "feature_visualizations", _PART), note
        self._layer_index = {layer: index for index, layer in enumerate(layers)}
        self._settings: dict[str, Any] = dict(facts.get("settings", {}))
        self._dead = {PictureKey(*entry[:3]): str(entry[3]) for entry in facts.get("dead", ())}
        # Earlier versions wrote n_dead_channels.
        self.facts = {key: value for key, value in facts.items() if key != "n_dead_channels"}

    def find_known(self, settings: Collection[str]) -> set[PictureKey]:
        """Finds the pictures that were drawn with one of these settings, or found dead with it."""
        rows, dead = self._merge(self._store.read_parts().rows)
        known = {key for key, row in rows.items() if row["settings"] in settings}
        return known | {key for key, name in dead.items() if name in settings}

    def find_drawn(self) -> dict[PictureKey, bool]:
        """Finds all pictures; true for those that were drawn for the run: imported ones have no objective."""
        rows, _ = self._merge(self._store.read_parts().rows)
        return {key: row["objective_value"] is not None for key, row in rows.items()}

    def keep(self, rows: Sequence[Row]) -> None:
        """Stores one finished batch of one layer beside the table; a null image marks a dead channel."""
        first = rows[0]
        name = f"{quote(first['layer'], safe='')}-{first['channel']}-{first['kind']}-{first['settings']}"
        self._store.keep(name, rows)

    def fold(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Moves all stored batches into the table, and updates the manifest's facts.

        Args:
            settings: settings by name; added to those that are known.
        """
        paths, parts = self._store.read_parts()
        rows, self._dead = self._merge(parts)
        keys = sorted(rows, key=lambda key: (self._layer_index[key.layer], key.channel, key.kind))
        used = {row["settings"] for row in rows.values()} | set(self._dead.values())
        self._settings = select_used_settings({**self._settings, **settings}, used)
        self.facts |= {
            "n_pictures": len(rows),
            "layers": {layer: _count(layer, rows, self._dead) for layer in self._layer_index},
            "dead": [[*key, name] for key, name in sorted(self._dead.items())],
            "settings": self._settings,
        }
        self._store.replace([rows[key] for key in keys], lambda: self._note(self.facts), paths)

    def _merge(self, parts: Sequence[Row]) -> tuple[dict[PictureKey, Row], dict[PictureKey, str]]:
        """Merges table and batches into all pictures, and the settings of all dead channels.

        A dead channel keeps an older picture of other settings.
        """
        rows, dead = {_build_key(row): row for row in self._store.read_rows()}, dict(self._dead)
        for row in parts:
            if row["image"] is None:
                dead[_build_key(row)] = row["settings"]
            else:
                rows[_build_key(row)] = row
                dead.pop(_build_key(row), None)
        return {key: row for key, row in rows.items() if key.layer in self._layer_index}, dead


def _count(layer: str, rows: Mapping[PictureKey, Row], dead: Collection[PictureKey]) -> dict[str, int]:
    """Counts the pictures of a layer, of the kind `channel` alone.

    `n_compared` pictures have an excitation. It exceeds 1 for `n_beating_best_example` of them: they excite their
    channel more than any image of the run. `n_dead` channels were found dead, and have no picture of other settings.
    """
    pictures = [key for key in rows if (key.layer, key.kind) == (layer, "channel")]
    compared = [rows[key]["excitation"] for key in pictures if rows[key]["excitation"] is not None]
    return {
        "n_pictures": len(pictures),
        "n_compared": len(compared),
        "n_beating_best_example": sum(excitation > 1 for excitation in compared),
        "n_dead": sum((key.layer, key.kind) == (layer, "channel") and key not in rows for key in dead),
    }


def _build_key(row: Row) -> PictureKey:
    return PictureKey(row["layer"], row["channel"], row["kind"])
