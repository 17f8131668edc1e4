"""A run's model with the layers that the run recorded, opened from the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers
from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts, load_again

__all__ = ["RecordedModel", "open_recorded_model"]


@dataclass(frozen=True)
class RecordedModel:
    """A run's model, loaded and read as a graph.

    Attributes:
        loaded: as loaded.
        exported: its graph.
        layers: the run's layers, in order from the input.
    """

    loaded: LoadedModel
    exported: ExportedModel
    layers: tuple[RecordedLayer, ...]


def open_recorded_model(manifest: Mapping[str, Any], where: Whereabouts = NOT_MOVED) -> RecordedModel:
    """Loads a run's model again and finds the run's layers in its graph.

    Args:
        manifest: of the run.
        where: the model's files.

    Raises:
        InputError: the run was imported, a file of the model is gone, or the model is another one than the run's.
    """
    loaded = load_again(manifest, where)
    with torch.no_grad():
        exported = ExportedModel(loaded.module, tuple(manifest["model"]["input_size"]))
    return RecordedModel(loaded, exported, tuple(select_layers(exported, manifest["layers"])))
