"""The pictures of a run's channels: kept batch by batch, folded into the table `feature_visualizations`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pyarrow as pa

from precompute.feature_visualization.storage.part_store import NoteFacts, PartStore, Row, used_settings

__all__ = ["NoteFacts", "PictureKey", "PictureStore"]

_PART = pa.schema(
    [
        ("layer", pa.string()),
        ("channel", pa.int32()),
        ("kind", pa.string()),
        ("image", pa.binary()),  # null for a dead channel: it need not be tried again
        ("objective_value", pa.float32()),
        ("n_steps", pa.int32()),
        ("initial_objective_value", pa.float32()),
        ("excitation", pa.float32()),
        ("settings", pa.string()),
    ]
)


class PictureKey(NamedTuple):
    """What identifies a picture in the table; `kind` is one of `schema.VISUALIZATION_KINDS`."""

    layer: str
    channel: int
    kind: str


class PictureStore:
    """Reads and writes a run's pictures; one process at a time, whoever holds the run's lock.

    Args:
        run: the run's directory.
        layers: in order from the input; pictures of others are dropped.
        facts: the manifest's `visualizations`.
        note: see `NoteFacts`.
    """

    def __init__(self, run: Path, layers: Sequence[str], facts: Mapping[str, Any], note: NoteFacts) -> None:
        self._store, self._note = PartStore(run, "visualize", "feature_visualizations", _PART), note
        self._place = {layer: place for place, layer in enumerate(layers)}
        self._settings: dict[str, Any] = dict(facts.get("settings", {}))
        self._dead = {PictureKey(*entry[:3]): str(entry[3]) for entry in facts.get("dead", ())}
        self.facts = {key: value for key, value in facts.items() if key != "n_dead_channels"}  # of earlier versions

    def known(self, settings: Collection[str]) -> set[PictureKey]:
        """What was drawn with one of these settings, or found dead with it."""
        rows, dead = self._together(self._store.parts().rows)
        known = {key for key, row in rows.items() if row["settings"] in settings}
        return known | {key for key, of in dead.items() if of in settings}

    def drawn(self) -> dict[PictureKey, bool]:
        """Every picture, and whether it was drawn for the run: an imported one has no objective."""
        rows, _ = self._together(self._store.parts().rows)
        return {key: row["objective_value"] is not None for key, row in rows.items()}

    def keep(self, rows: Sequence[Row]) -> None:
        """Keeps one finished batch of one layer; a null image marks a dead channel."""
        first = rows[0]
        name = f"{quote(first['layer'], safe='')}-{first['channel']}-{first['kind']}-{first['settings']}"
        self._store.keep(name, rows)

    def fold(self, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Puts all that is kept into the table and the manifest's facts, and removes the files.

        Args:
            settings: what the names of settings stand for; added to those that are known.
        """
        paths, parts = self._store.parts()
        rows, self._dead = self._together(parts)
        keys = sorted(rows, key=lambda key: (self._place[key.layer], key.channel, key.kind))
        used = {row["settings"] for row in rows.values()} | set(self._dead.values())
        self._settings = used_settings({**self._settings, **settings}, used)
        self.facts |= {
            "n_pictures": len(rows),
            "layers": {layer: _count(layer, rows, self._dead) for layer in self._place},
            "dead": [[*key, of] for key, of in sorted(self._dead.items())],
            "settings": self._settings,
        }
        self._store.replace([rows[key] for key in keys], lambda: self._note(self.facts), paths)

    def _together(self, parts: Sequence[Row]) -> tuple[dict[PictureKey, Row], dict[PictureKey, str]]:
        """All pictures and all dead channels; of a dead one an older picture, of other settings, stays."""
        rows, dead = {_key(row): row for row in self._store.rows()}, dict(self._dead)
        for row in parts:
            if row["image"] is None:
                dead[_key(row)] = row["settings"]
            else:
                rows[_key(row)] = row
                dead.pop(_key(row), None)
        return {key: row for key, row in rows.items() if key.layer in self._place}, dead


def _count(layer: str, rows: Mapping[PictureKey, Row], dead: Collection[PictureKey]) -> dict[str, int]:
    """What the channels of a layer came to; the kind `channel` alone counts.

    `n_compared` pictures tell their excitation, which exceeds 1 for `n_beating_best_example` of them: they excite their
    channel more than any image of the run does. `n_dead` channels were found dead and have none of other settings.
    """
    pictures = [key for key in rows if (key.layer, key.kind) == (layer, "channel")]
    compared = [rows[key]["excitation"] for key in pictures if rows[key]["excitation"] is not None]
    return {
        "n_pictures": len(pictures),
        "n_compared": len(compared),
        "n_beating_best_example": sum(excitation > 1 for excitation in compared),
        "n_dead": sum((key.layer, key.kind) == (layer, "channel") and key not in rows for key in dead),
    }


def _key(row: Row) -> PictureKey:
    return PictureKey(row["layer"], row["channel"], row["kind"])
