"""The beginning of every training of heads: stored features, the images that all models could read, and their folds."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from precompute.datasets.images import ImageSource
from precompute.transfer.config import TransferConfig
from precompute.transfer.features import FeatureStore
from precompute.transfer.folds import assign_folds, require_classes
from precompute.transfer.training import Task

__all__ = ["identify_heads", "open_features", "prepare_task"]

_LINEAR = 2
"""Version of what a linear head is: those of another one are made again."""


def open_features(out: Path, name: str, entry: Mapping[str, Any], source: ImageSource) -> FeatureStore:
    """Opens the features of a model by its entry in the manifest."""
    layers = [(cut["name"], cut["n_channels"]) for cut in entry["cuts"]]
    return FeatureStore(out / "features" / name, entry["fingerprint"], layers, len(source.images))


def prepare_task(
    stores: Mapping[str, FeatureStore], source: ImageSource, config: TransferConfig
) -> tuple[Task, dict[str, str]]:
    """Finds the images that every model could read, and their folds; and the reasons for the others, by path."""
    reasons: dict[int, str] = {}
    for store in stores.values():
        reasons |= store.read_skipped()
    kept = np.array([image.image_id for image in source.images if image.image_id not in reasons], np.int64)
    counts = Counter(source.images[number].class_id for number in kept)
    require_classes(source.classes, counts, config.n_folds)
    place = {each.class_id: index for index, each in enumerate(source.classes)}
    labels = np.array([place[source.images[number].class_id] for number in kept], np.int64)
    folds = assign_folds(labels, config.n_folds, config.seed)
    skipped = {source.images[number].path: reason for number, reason in sorted(reasons.items())}
    return Task(kept, labels, folds, len(source.classes)), skipped


def identify_heads(features: str, config: TransferConfig, task: Task) -> str:
    """Computes the SHA-256 of what the heads of a model depend on."""
    digest = hashlib.sha256(json.dumps([_LINEAR, features, asdict(config)], sort_keys=True).encode())
    for array in (task.kept, task.labels, task.folds):
        digest.update(array.tobytes())
    return digest.hexdigest()
