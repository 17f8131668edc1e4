"""The proof of the graphs of a run: all classes as arrays, and the curves of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from summit_dash.figures.proof import build_curves, build_layers
from summit_dash.graph.theme import PALETTES
from summit_dash.payloads.numbers import shorten
from summit_dash.run.proofs import (
    EFFECT,
    PAGERANK,
    Measured,
    Proof,
    read_class_rows,
    read_edges,
    read_layers,
    read_proofs,
    require_proofs,
)
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_percent, format_plural

__all__ = ["build_class_proof", "build_proof", "judge", "summarize_proof"]


def build_proof(store: RunStore) -> dict[str, Any]:
    """Builds the proof of all classes, as arrays along them by selection, and the worth of edges by layer.

    Raises:
        InputError: the run's graphs were not proven.
    """
    require_proofs(store)
    proofs = read_proofs(store)
    settings = store.manifest.get("faithfulness", {})
    return {
        "replacement": settings.get("replacement"),
        "n_repeats": settings.get("n_repeats"),
        "n_classes": len(store.classes),
        "class_id": list(proofs),
        "selections": {
            selection: _build_arrays([proofs[class_id].get(selection) for class_id in proofs])
            for selection in sorted({name for each in proofs.values() for name in each}, reverse=True)
        },
        "layers": _build_layers(store),
        "edges": _build_edges(store),
    }


def _build_arrays(proofs: Sequence[Proof | None]) -> dict[str, list[Any]]:
    return {
        "n_channels": [None if proof is None else proof.n_channels for proof in proofs],
        "n_images": [None if proof is None else proof.n_images for proof in proofs],
        **{
            name: [None if proof is None else _shorten(getattr(proof, name)) for proof in proofs]
            for name in ("untouched", "remove", "random", "keep")
        },
    }


def _shorten(measured: Measured | None) -> list[float] | None:
    return None if measured is None else [round(value, 4) for value in measured]


def _build_layers(store: RunStore) -> list[dict[str, Any]]:
    """Builds a row for each layer: by selection, in how many classes its channels matter more than random ones."""
    known = read_layers(store)
    rows = []
    for layer in store.layers:
        row: dict[str, Any] = {"layer": layer}
        for selection in (PAGERANK, EFFECT):
            of_classes = known.get((layer, selection))
            if of_classes:
                falls = np.array([fall for fall, _ in of_classes])
                half = 1.96 * falls.std(ddof=1) / len(falls) ** 0.5 if len(falls) > 1 else None
                row[selection] = {
                    "n_classes": len(falls),
                    "n_better": sum(low is not None and low > 0 for _, low in of_classes),
                    "fall": round(float(falls.mean()), 4),
                    "half": None if half is None else round(float(half), 4),
                }
        if len(row) > 1:
            rows.append(row)
    return rows


def _build_edges(store: RunStore) -> list[dict[str, Any]]:
    """Builds a row for each layer: the mean area under the curve over classes with its interval."""
    by_layer: dict[str, list[dict[str, Any]]] = {}
    for row in read_edges(store):
        by_layer.setdefault(row["layer"], []).append(row)
    found = []
    for layer in store.layers:
        rows = by_layer.get(layer, [])
        values = np.array([row["auc"] for row in rows if row["auc"] is not None])
        if not len(values):
            continue
        half = 1.96 * values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else None
        link = store.links.get(layer)
        found.append(
            {
                "layer": layer,
                "measure": link.influence if link else None,
                "auc": round(float(values.mean()), 4),
                "half": None if half is None else round(float(half), 4),
                "n_classes": len(values),
                "n_edges": sum(row["n_edges"] for row in rows),
                "n_others": sum(row["n_others"] for row in rows),
                "edge": _average(row["mean_edge_effect"] for row in rows),
                "other": _average(row["mean_other_effect"] for row in rows),
            }
        )
    return found


def _average(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None


def build_class_proof(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds the figures of one class by theme, and its smallest graphs.

    Raises:
        InputError: the run's graphs were not proven, or not that of this class.
    """
    require_proofs(store)
    proofs = read_proofs(store).get(class_id)
    if not proofs:
        raise InputError(
            "A class is proven if outputs of the model mean it, and it has a graph and images.",
            f"{store.classes[class_id].short_name} was not measured.",
            f'Run `summit-dash faithfulness {store.path.name} --classes "{class_id}"`, or choose another class.',
        )
    rows = read_class_rows(store, class_id)
    sizes = dict.fromkeys(store.layers, 0)
    for node in store.graph(class_id).nodes:
        sizes[node.channel.layer] += 1
    n_channels = next(iter(proofs.values())).n_channels
    return {
        "figures": {
            theme: {
                "curves": json.loads(build_curves(rows, n_channels, theme).to_json()),
                "layers": json.loads(build_layers(rows, sizes, theme).to_json()),
            }
            for theme in PALETTES
        },
        "smallest": _read_smallest(store, class_id),
    }


def _read_smallest(store: RunStore, class_id: int) -> list[dict[str, Any]]:
    if not locate_table(store.path, "sufficient_graphs").is_file():
        return []
    rows = read_table(store.path, "sufficient_graphs").to_pylist()
    return [
        {name: shorten(value) if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
        if row["class_id"] == class_id
    ]


def summarize_proof(store: RunStore, class_id: int, selection: str = PAGERANK) -> Mapping[str, str] | None:
    """Summarizes the proof of a class's graph in `words` and a `sentence`; None where it was not measured."""
    proof = read_proofs(store).get(class_id, {}).get(selection)
    if proof is None or proof.remove is None or proof.random is None or proof.untouched is None:
        return None
    return {"words": judge(proof.untouched, proof.remove, proof.random), "sentence": _describe_proof(proof)}


def judge(untouched: Measured, remove: Measured, random: Measured) -> str:
    """Says a few words: necessary where the intervals of both accuracies lie apart, unclear where they overlap."""
    if remove.high < random.low:
        judged = "necessary"
    else:
        judged = "necessity unclear" if remove.accuracy < random.accuracy else "not necessary"
    return f"{judged}: {format_percent(untouched.accuracy)} → {format_percent(remove.accuracy)}"


def _describe_proof(proof: Proof) -> str:
    untouched, remove, random, keep = (
        None if measured is None else format_percent(measured.accuracy)
        for measured in (proof.untouched, proof.remove, proof.random, proof.keep)
    )
    return (
        f"The model gets {untouched} of {format_plural(proof.n_images, 'image')} right; {remove} without these "
        f"{format_plural(proof.n_channels, 'channel')}, {random} without as many at random"
        + (f", and {keep} with these alone." if keep else ".")
    )
