"""`imagenet.json` and `run.json`: the classes as Summit's notebooks wrote them, and what these had no field for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from precompute.contract.schema import HISTOGRAM_BINS, read_table
from precompute.contract.summit_files import RecordedLayer, RunFacts, StatedClass
from summit_dash.export.summit_names import name_classes, name_synsets
from summit_dash.run.store import ClassInfo, RunStore

__all__ = ["build_imagenet", "build_run_facts"]

_DIGITS = 3
"""Decimal places of a probability, as in Summit's own file."""


def build_imagenet(store: RunStore, layers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Builds the content of `imagenet.json`: an entry for each class.

    `accs` holds, as in Summit, the probability of the most probable output of each image. A run that keeps no images
    has its histograms alone: then `accs` holds the middle of its twentieth for each image. Unknown accuracies are left
    out.

    Args:
        store: the run, opened with the classes of the export.
        layers: the name of each layer in the files.

    Raises:
        InputError: the run has no activations, or no embedding of all classes.
    """
    points = {name: _read_points(store, layer) for layer, name in layers.items()}
    probabilities = _read_probabilities(store)
    names, synsets = name_classes(store.classes), name_synsets(store.classes)
    return [
        {
            "synset": synsets[class_id],
            "label": str(place),
            "name": names[class_id],
            "target_class": class_id,
            "topChannels": {name: _list_channels(store, class_id, layer) for layer, name in layers.items()},
            "embed": {name: dict(zip("xy", points[name][class_id], strict=True)) for name in layers.values()},
            "accs": _list_probabilities(info, probabilities.get(class_id)),
            **_build_accuracy(info),
            "numOfInstances": info.n_images,
        }
        for place, (class_id, info) in enumerate(store.classes.items(), start=1)
    ]


def _build_accuracy(info: ClassInfo) -> dict[str, Any]:
    if info.top1_accuracy is None:
        return {}
    return {
        "topOneAccCount": round(info.top1_accuracy * info.n_images),
        "topOneAcc": shorten(info.top1_accuracy),
    }


def _list_channels(store: RunStore, class_id: int, layer: str) -> list[dict[str, int]]:
    """Lists the channels with an activation count, greatest first."""
    counts = store.read_counts(layer)[store.find_row(class_id)]
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return [{"ch": int(channel), "ct": int(counts[channel])} for channel in order]


def _read_points(store: RunStore, layer: str) -> dict[int, tuple[float, float]]:
    points = store.read_embedding(layer)
    missing = [info.short_name for class_id, info in store.classes.items() if class_id not in points]
    if missing:
        raise InputError(
            "Summit's app places every class in the embedding of every layer.",
            f"{store.path} has no point at {layer} for {missing[0]}.",
            "Run the stage embedding of precompute for the whole run.",
        )
    return {class_id: (shorten(x), shorten(y)) for class_id, (x, y) in points.items()}


def _read_probabilities(store: RunStore) -> dict[int, NDArray[np.float32]]:
    """Reads the probability of the most probable output of each image, by class; empty for a run without images."""
    if not store.has("images"):
        return {}
    table = read_table(store.path, "images", ["class_id", "predicted_probability"])
    class_ids, values = table["class_id"].to_numpy(), table["predicted_probability"].to_numpy()
    order = np.argsort(class_ids, kind="stable")
    found, starts = np.unique(class_ids[order], return_index=True)
    return dict(zip(found.tolist(), np.split(values[order], starts[1:]), strict=True))


def _list_probabilities(info: ClassInfo, values: NDArray[np.float32] | None) -> list[float]:
    if values is not None:
        return [round(value, _DIGITS) for value in values.tolist()]
    middles = [round((index + 0.5) / HISTOGRAM_BINS, _DIGITS) for index in range(HISTOGRAM_BINS)]
    return [middle for middle, n in zip(middles, info.probability_histogram or (), strict=False) for _ in range(n)]


def shorten(value: float) -> float:
    """Returns the number with the fewest digits that is the same 32-bit number, as tables hold it."""
    return float(str(np.float32(value)))


def build_run_facts(store: RunStore, layers: Mapping[str, str]) -> RunFacts:
    """Builds the content of `run.json`.

    Args:
        store: the run, opened with the classes of the export.
        layers: the name of each layer in the files.
    """
    manifest = store.manifest
    return RunFacts(
        model=manifest.get("model", {}),
        dataset=manifest.get("dataset", {}),
        layers=_read_layers(store, layers),
        links=manifest.get("links") or [],
        aggregate=(manifest.get("config") or {}).get("aggregate") or {},
        classes=[
            StatedClass(
                class_id,
                info.class_name,
                info.synset,
                info.group,
                None if info.top5_accuracy is None else shorten(info.top5_accuracy),
                info.probability_histogram,
            )
            for class_id, info in store.classes.items()
        ],
    )


def _read_layers(store: RunStore, names: Mapping[str, str]) -> Sequence[RecordedLayer]:
    columns = ["layer", "module_type", "n_channels", "height", "width", "stride", "receptive_field"]
    rows = {row["layer"]: row for row in read_table(store.path, "layers", columns).to_pylist()}
    return [RecordedLayer(file_name=names[layer], **rows[layer]) for layer in store.layers]


def write_json(value: Any) -> bytes:
    """Writes a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
