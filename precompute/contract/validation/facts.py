"""Pieces of a run's tables as the checks see them, and the facts that checks of later tables refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["KEPT", "LAYER_COLUMNS", "Batch", "Facts", "Fault", "Integers", "Mask"]

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]

LAYER_COLUMNS = ("layer", "target_layer", "source_layer")
KEPT: Mapping[str, tuple[str, ...]] = {
    "classes": ("class_id", "n_images"),
    "layers": ("layer", "n_channels"),
    "images": ("image_id", "class_id"),
    "example_images": ("image_id", "width", "height"),
    "attribution_graph_nodes": ("class_id", "layer", "channel", "selection"),
    "attribution_graph_edges": ("class_id", "selection"),
    "attribution_graphs": ("class_id", "selection", "n_nodes", "n_edges"),
}
"""The columns of each table to which other tables or totals refer."""
_UNLIMITED = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Batch:
    """Some rows of a table, in order.

    Args:
        columns: integers as int64, floats, or Arrow arrays. A layer is its index from the input, -1 if it is unknown.
        present: per nullable column, the rows that are not null (nulls are 0 in `columns`).
    """

    columns: Mapping[str, Any]
    present: Mapping[str, Mask]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


class Fault(NamedTuple):
    """Rows that break a rule, and the column to quote of the first."""

    rule: str
    rows: Mask
    column: str | None = None


@dataclass
class Facts:
    """Facts that the tables read so far establish, for the references of later ones.

    Args:
        layer_names: in order from the input, from the manifest.
        kept: the columns of `KEPT`, of each table that was read and has all its columns.
        rows: number of rows of each of these tables.
        is_imported: the run was imported, so that some values are unknown and some tables have fewer rows.
        imported_settings: names of the settings of pictures that were imported into the run.
    """

    layer_names: tuple[str, ...]
    kept: dict[str, dict[str, Integers]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    is_imported: bool = False
    imported_settings: tuple[str, ...] = ()

    def count_channels(self) -> Integers | None:
        """Returns the number of channels by index of the layer, `(n_layers + 1,)`; None without a table of layers.

        A layer that the table lacks has no limit. The last element is for the unknown layer -1.
        """
        layers = self.kept.get("layers")
        if layers is None:
            return None
        limits = np.full(len(self.layer_names) + 1, _UNLIMITED)
        known = layers["layer"] >= 0
        limits[layers["layer"][known]] = layers["n_channels"][known]
        return limits

    def count_images(self, class_ids: Integers) -> Integers:
        """Returns the number of images of each class, `(n_rows,)`. An unknown class has no limit."""
        known = self.kept["classes"]
        order = np.argsort(known["class_id"])
        ids, sizes = known["class_id"][order], known["n_images"][order]
        if not len(ids):
            return np.full(len(class_ids), _UNLIMITED)
        index = np.searchsorted(ids, class_ids).clip(max=len(ids) - 1)
        return np.where(ids[index] == class_ids, sizes[index], _UNLIMITED)

    def find_image_sizes(self, image_ids: Integers) -> tuple[Integers, Integers]:
        """Returns width and height in pixels of images in `example_images`, `(n_rows,)` each; 0 for one not in it."""
        known = self.kept.get("example_images")
        if known is None or not len(known["image_id"]):
            return np.zeros(len(image_ids), dtype=np.int64), np.zeros(len(image_ids), dtype=np.int64)
        index = np.searchsorted(known["image_id"], image_ids).clip(max=len(known["image_id"]) - 1)
        is_held = known["image_id"][index] == image_ids
        return known["width"][index] * is_held, known["height"][index] * is_held
