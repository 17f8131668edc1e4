"""The last layer as the model's outputs: the name of the output that each of its channels is."""

from __future__ import annotations

import numpy as np

from summit_dash.run.confusions import read_output_names, require_outputs
from summit_dash.run.store import RunStore

__all__ = ["name_output_channels"]

_LEAST_AGREEMENT = 0.5
"""Share of classes, of which the own channel must be among the most used ones, for channels to be outputs."""


def name_output_channels(store: RunStore) -> list[str | None] | None:
    """Names the channels of the last layer by the outputs that they are.

    A run does not state that a layer holds the outputs. It is taken for them if it has as many channels as the model
    has outputs, and if most classes with images have no channel that more of their images use than their own.

    Returns:
        A name or None for each channel; None where the last layer does not hold the outputs.
    """
    layer = list(store.layers.values())[-1]
    n_outputs = (store.manifest.get("model") or {}).get("n_outputs")
    if layer.n_channels != n_outputs or not store.has("activations") or not store.has("images"):
        return None
    if not _is_used_by_classes(store, layer.layer):
        return None
    names = read_output_names(store)
    return [names[output].split(",")[0] if output in names else None for output in range(n_outputs)]


def _is_used_by_classes(store: RunStore, layer: str) -> bool:
    """Returns whether most classes use the channel of their own output at least as much as any other."""
    outputs = require_outputs(store)
    counts = store.read_counts(layer)
    own = [
        counts[store.find_row(class_id), list(found)].max() >= counts[store.find_row(class_id)].max() > 0
        for class_id, found in outputs.items()
        if store.classes[class_id].n_images
    ]
    return bool(own) and float(np.mean(own)) > _LEAST_AGREEMENT
