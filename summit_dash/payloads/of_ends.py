"""The channels of a class's graph that lead nowhere, asked for by a card: this needs all influences of the class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from summit_dash.graph.ends import explain_ends
from summit_dash.graph.ways import Influences, Way, find_ways
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["build_class_ends", "find_class_ways"]


def build_class_ends(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds `reasons` by channel id for the channels from which nothing leads to the last layer, and `ways`.

    A way is the strongest one up, through channels outside the graph, from a channel without an influence upwards.
    """
    if not store.has("influences"):
        return {"reasons": {}, "ways": []}
    reasons = explain_ends(store.graph(class_id), lambda channel: store.read_targets(class_id, channel, 1))
    ways = find_class_ways(store, class_id)
    return {
        "reasons": {channel.channel_id: reason for channel, reason in reasons.items()},
        "ways": [_describe(way) for way in ways],
    }


def find_class_ways(store: RunStore, class_id: int) -> list[Way]:
    """Finds the strongest way up from each channel of a class's graph without an influence upwards."""
    if not store.has("influences"):
        return []
    graph = store.graph(class_id)
    leading = {edge.source for edge in graph.edges}
    last = store.layer_names[-1]
    drawn = [node.channel for node in graph.nodes]
    starts = [channel for channel in drawn if channel not in leading and channel.layer != last]
    return find_ways(store.layer_names, drawn, starts, _read_influences(store, class_id)) if starts else []


def _describe(way: Way) -> dict[str, Any]:
    def name(channel: Channel) -> str:
        return channel.channel_id

    return {
        "source": name(way.source),
        "target": name(way.target),
        "through": [name(channel) for channel in way.through],
        "n_images": way.n_images,
    }


def _read_influences(store: RunStore, class_id: int) -> Influences:
    """Reads the influences of a class whose layers are those of the run."""
    table = store.class_influences(class_id)
    names = pa.array(store.layer_names)

    def read(column: str) -> NDArray[np.int64]:
        return table[column].to_numpy().astype(np.int64)

    def place(column: str) -> NDArray[np.int64]:
        found: NDArray[np.int64] = pc.index_in(table[column].cast(pa.string()), names).to_numpy().astype(np.int64)
        return found

    return Influences(
        source_layer=place("source_layer"),
        source=read("source_channel"),
        target_layer=place("target_layer"),
        target=read("target_channel"),
        n_images=read("influence_count"),
    )
