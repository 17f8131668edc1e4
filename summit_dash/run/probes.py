"""The accuracy of a linear head on each layer of a run, where the stage `probe` has measured it."""

from __future__ import annotations

from typing import Any

from precompute.contract.schema import read_table
from summit_dash.run.store import RunStore

__all__ = ["read_probes"]


def read_probes(store: RunStore) -> list[dict[str, Any]]:
    """Returns the rows of the table `layer_probes` in order from the input; none where the run lacks it."""
    if not store.has("layer_probes"):
        return []
    rows = {row["layer"]: row for row in read_table(store.path, "layer_probes").to_pylist()}
    return [rows[layer] for layer in store.layers if layer in rows]
