"""The strongest channels of a layer within a class, also those beyond its attribution graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from precompute.contract.errors import InputError
from summit_dash.payloads.numbers import shorten
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["N_STRONGEST", "build_class_layer"]

N_STRONGEST = 24
"""Greatest number of channels listed of a layer."""


def build_class_layer(store: RunStore, class_id: int, layer: str) -> dict[str, Any]:
    """Builds the channels that most images of the class use, and their influences from and to others that may be drawn.

    Others are the channels of the class's graph and the strongest ones of every layer. Ends of edges are an index in
    the order of layers and a channel.

    Raises:
        InputError: the run has no activations.
    """
    if not store.has("activations"):
        rule, fix = "More channels of a layer come from activations.", "Run `summit-dash precompute` on it again."
        raise InputError(rule, f"The run {store.name} has no table of them.", fix)
    strongest = _find_strongest(store, class_id, layer)
    counts = store.read_counts(layer)[store.find_row(class_id)]
    return {
        "layer": layer,
        "channel": strongest,
        "count": [int(counts[channel]) for channel in strongest],
        "picture": [store.pictures.get_picture_kind(Channel(layer, channel)) for channel in strongest],
        "edges": _build_edges(store, class_id, [Channel(layer, channel) for channel in strongest]),
    }


def _find_strongest(store: RunStore, class_id: int, layer: str) -> list[int]:
    """Returns channels by falling activation count; ties by number. Channels that no image uses are left out."""
    counts = store.read_counts(layer)[store.find_row(class_id)]
    order = np.argsort(-counts, kind="stable")[:N_STRONGEST]
    return [int(channel) for channel in order if counts[channel] > 0]


def _build_edges(store: RunStore, class_id: int, own: list[Channel]) -> dict[str, list[Any]]:
    drawn = {node.channel for node in store.graph(class_id).nodes}
    drawn |= {Channel(layer, channel) for layer in store.layers for channel in _find_strongest(store, class_id, layer)}
    indices = {layer: index for index, layer in enumerate(store.layers)}
    edges: dict[str, list[Any]] = {
        name: [] for name in ("source_layer", "source", "target_layer", "target", "count", "mean")
    }
    mine = set(own)
    for row in _read_influences(store, class_id, own):
        source = Channel(row["source_layer"], row["source_channel"])
        target = Channel(row["target_layer"], row["target_channel"])
        if (source in mine and target in drawn) or (target in mine and source in drawn):
            edges["source_layer"].append(indices[source.layer])
            edges["source"].append(source.channel)
            edges["target_layer"].append(indices[target.layer])
            edges["target"].append(target.channel)
            edges["count"].append(row["influence_count"])
            edges["mean"].append(shorten(row["mean_influence"]))
    return edges


def _read_influences(store: RunStore, class_id: int, own: list[Channel]) -> list[dict[str, Any]]:
    """Returns the influences with one of the channels at either end."""
    if not own or not store.has("influences"):
        return []
    channels = pa.array([channel.channel for channel in own])
    ends = [
        (pc.field(f"{end}_layer") == own[0].layer) & pc.field(f"{end}_channel").isin(channels)
        for end in ("source", "target")
    ]
    rows: list[dict[str, Any]] = store.class_influences(class_id).filter(ends[0] | ends[1]).to_pylist()
    return rows
