"""The proof of the graphs of a run: what becomes of each class without the channels of its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow.compute as pc

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.contract.tables import ALL_LAYERS, EFFECT, PAGERANK
from summit_dash.run.store import RunStore

__all__ = [
    "EFFECT",
    "PAGERANK",
    "Alone",
    "Measured",
    "Proof",
    "read_alone",
    "read_class_rows",
    "read_edges",
    "read_layers",
    "read_proofs",
    "require_proofs",
]


class Measured(NamedTuple):
    """An accuracy with its 95 % interval."""

    accuracy: float
    low: float
    high: float


class Proof(NamedTuple):
    """The proof of one class by one selection, all layers at once, with as many channels as its graph has.

    Each of `untouched`, `remove`, `random` and `keep` may be None where it was not measured.
    """

    n_channels: int
    n_images: int
    untouched: Measured | None
    remove: Measured | None
    random: Measured | None
    keep: Measured | None

    @property
    def necessity(self) -> float | None:
        """The accuracy lost without the channels, less what is lost without as many at random."""
        if self.remove is None or self.random is None:
            return None
        return self.random.accuracy - self.remove.accuracy

    @property
    def sufficiency(self) -> float | None:
        """The accuracy that is kept with these channels alone."""
        return None if self.keep is None else self.keep.accuracy


def require_proofs(store: RunStore) -> None:
    """Checks that the run's graphs were proven.

    Raises:
        InputError: they were not.
    """
    if not store.has("faithfulness"):
        raise InputError(
            "The graphs of a run are proven by removing their channels from its model.",
            "This run has no such measurement.",
            f"Run `summit-dash faithfulness {store.path.name}` where its model and images are.",
        )


def read_proofs(store: RunStore) -> Mapping[int, Mapping[str, Proof]]:
    """Reads the proofs of all classes that have one, by class and selection; empty where none was measured."""
    if not store.has("faithfulness"):
        return {}
    found: Mapping[int, Mapping[str, Proof]] = store.read_once("proofs", lambda: _read_proofs(store))
    return found


def _read_proofs(store: RunStore) -> dict[int, dict[str, Proof]]:
    sizes = read_table(store.path, "attribution_graphs", ["class_id", "n_nodes"]).to_pydict()
    n_nodes = dict(zip(sizes["class_id"], sizes["n_nodes"], strict=True))
    rows: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in _read_rows(store):
        if row["layer"] == ALL_LAYERS and row["class_id"] in store.classes:
            rows.setdefault((row["class_id"], row["selection"]), []).append(row)
    found: dict[int, dict[str, Proof]] = {}
    for (class_id, selection), of_class in rows.items():
        found.setdefault(class_id, {})[selection] = _build_proof(of_class, n_nodes.get(class_id, 0))
    return found


def _build_proof(rows: Sequence[Mapping[str, Any]], n_channels: int) -> Proof:
    by_intervention = {row["intervention"]: row for row in rows if row["n_channels"] == n_channels}
    whole = next((row for row in rows if row["n_channels"] == 0), None)
    n_images = max(row["n_images"] for row in rows)
    measured = [by_intervention.get(name) for name in ("remove", "random", "keep")]
    return Proof(n_channels, n_images, *(_measure(row) for row in (whole, *measured)))


def _measure(row: Mapping[str, Any] | None) -> Measured | None:
    return None if row is None else Measured(row["accuracy"], row["ci_low"], row["ci_high"])


def read_class_rows(store: RunStore, class_id: int) -> list[dict[str, Any]]:
    """Reads all rows of the table of one class."""
    return [row for row in _read_rows(store) if row["class_id"] == class_id]


def _read_rows(store: RunStore) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = store.read_once(
        "faithfulness", lambda: read_table(store.path, "faithfulness").to_pylist()
    )
    return rows


def read_layers(store: RunStore) -> dict[tuple[str, str], list[tuple[float, float | None]]]:
    """Reads how much further the log-probability of classes falls without a layer's channels than without random ones.

    Returns:
        By layer and selection: the further fall of each class, and the lower end of its interval, None for one image;
        as many channels as the class's graph has in the layer.
    """
    nodes = read_table(store.path, "attribution_graph_nodes", ["class_id", "layer", "channel"])
    counted = nodes.group_by(["class_id", "layer"]).aggregate([("channel", "count")]).to_pylist()
    sizes = {(row["class_id"], row["layer"]): row["channel_count"] for row in counted}
    found: dict[tuple[str, str], list[tuple[float, float | None]]] = {}
    for row in _read_rows(store):
        if row["intervention"] != "remove" or row["class_id"] not in store.classes or row["below_random"] is None:
            continue
        if row["n_channels"] == sizes.get((row["class_id"], row["layer"])):
            of = found.setdefault((row["layer"], row["selection"]), [])
            of.append((row["below_random"], row["below_random_low"]))
    return found


def read_edges(store: RunStore) -> list[dict[str, Any]]:
    """Reads the rows of the table `edge_faithfulness`, of classes of the run; empty where edges were not measured."""
    if not store.has("edge_faithfulness"):
        return []
    rows = read_table(store.path, "edge_faithfulness").to_pylist()
    return [row for row in rows if row["class_id"] in store.classes]


class Alone(NamedTuple):
    """The loss of a class without one channel alone: accuracy with its 95 % interval, and log-probability."""

    accuracy: float
    low: float
    high: float
    log_probability: float
    n_images: int


def read_alone(store: RunStore, class_id: int) -> dict[tuple[str, int], Alone]:
    """Reads what a class loses without each channel of its graphs, by layer and channel; empty where not measured."""
    if not store.has("single_channels"):
        return {}
    columns = ["layer", "channel", "accuracy_lost", "ci_low", "ci_high", "log_probability_lost", "n_images"]
    rows = read_table(store.path, "single_channels", columns, pc.field("class_id") == class_id)
    layers, channels, *measured = (rows[name].to_pylist() for name in columns)
    return {
        (layer, channel): Alone(*each)
        for layer, channel, each in zip(layers, channels, zip(*measured, strict=True), strict=True)
    }
