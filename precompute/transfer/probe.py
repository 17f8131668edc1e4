"""A measure of how well each layer of a run separates the run's classes: a linear head, tested on images held out."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from precompute.contract.manifest import remove_if_empty
from precompute.contract.progress import Progress
from precompute.contract.writing import write_table
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer
from precompute.transfer.config import TransferConfig
from precompute.transfer.features import FeaturePass, FeatureStore, Reader
from precompute.transfer.folds import assign_folds, require_classes
from precompute.transfer.heads import CutStore, HeldOut
from precompute.transfer.linear import compute_log_loss
from precompute.transfer.scores import compute_macro_f1, compute_score
from precompute.transfer.training import Task, train_heads

__all__ = ["ProbeRequest", "measure_layers"]

_HEADS = 2
"""Version of what a head is."""


@dataclass(frozen=True)
class ProbeRequest:
    """A run whose layers are probed.

    Attributes:
        run: its folder.
        fingerprint: of model, images and layers.
        model: its graph.
        layers: the recorded ones.
        reader: of its images.
        device: of the model.
        config: of the heads; fewer folds are taken where a class has fewer images.
    """

    run: Path
    fingerprint: str
    model: ExportedModel
    layers: Sequence[RecordedLayer]
    reader: Reader
    device: torch.device
    config: TransferConfig = field(default_factory=TransferConfig)


def measure_layers(request: ProbeRequest, progress: Progress) -> dict[str, Any]:
    """Writes the table `layer_probes`, and returns facts for the manifest. After an interruption a second call goes on.

    Raises:
        InputError: there is one class only, or a class has one image.
    """
    source, folder = request.reader.source, request.run / "parts" / "probe"
    counts = Counter(image.class_id for image in source.images)
    config = replace(request.config, n_folds=max(2, min(request.config.n_folds, *counts.values())))
    require_classes(source.classes, counts, config.n_folds)
    names = [(layer.name, layer.n_channels) for layer in request.layers]
    store = FeatureStore(folder / "features", request.fingerprint, names, len(source.images))
    features = FeaturePass(store, request.model, request.layers, request.reader, request.device)
    if features.n_images:
        with progress.open_stage("Features of the layers", features.n_images) as advance:
            features.run(advance)
    skipped = store.read_skipped()
    kept = np.array([image.image_id for image in source.images if image.image_id not in skipped], np.int64)
    require_classes(source.classes, Counter(source.images[number].class_id for number in kept), config.n_folds)
    place = {each.class_id: index for index, each in enumerate(source.classes)}
    labels = np.array([place[source.images[number].class_id] for number in kept], np.int64)
    task = Task(kept, labels, assign_folds(labels, config.n_folds, config.seed), len(place))
    heads = CutStore(folder, _identify(request.fingerprint, config, kept))
    missing = heads.list_missing(len(names))
    if missing:
        with progress.open_stage("Heads on the layers", len(missing) * config.n_folds, "heads") as advance:
            train_heads(store, heads, task, config, advance)
    rows = [_describe(name, heads.read(index), task, config) for index, (name, _) in enumerate(names)]
    write_table(request.run, "layer_probes", {name: [row[name] for row in rows] for name in rows[0]})
    shutil.rmtree(folder, ignore_errors=True)
    remove_if_empty(folder.parent)
    return {"n_images": len(kept), "n_folds": config.n_folds, "pooling": config.pooling}


def _describe(layer: str, found: HeldOut, task: Task, config: TransferConfig) -> dict[str, Any]:
    predicted = found.probabilities.argmax(1)
    score = compute_score(task.labels, predicted)
    return {
        "layer": layer,
        "n_images": score.n,
        "n_folds": config.n_folds,
        "accuracy": score.accuracy,
        "ci_low": score.low,
        "ci_high": score.high,
        "macro_f1": compute_macro_f1(task.labels, predicted, task.n_classes),
        "log_loss": compute_log_loss(found.probabilities.astype(np.float64), task.labels),
    }


def _identify(fingerprint: str, config: TransferConfig, kept: np.ndarray[Any, np.dtype[np.int64]]) -> str:
    digest = hashlib.sha256(json.dumps([_HEADS, fingerprint, asdict(config)], sort_keys=True).encode())
    digest.update(kept.tobytes())
    return digest.hexdigest()
