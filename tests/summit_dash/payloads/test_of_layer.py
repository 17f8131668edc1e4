from __future__ import annotations

import numpy as np
import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.of_layer import N_STRONGEST, build_class_layer
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore


def replace_counts(store: RunStore, counts: list[int]) -> RunStore:
    """Opens the run again, with these activation counts in every class and layer."""
    fresh = RunStore(store.path)
    table = np.tile(np.array(counts, dtype=np.int32), (len(fresh.classes), 1))
    fresh.read_counts = lambda layer: table  # type: ignore[method-assign]
    return fresh


def test_there_are_more_channels_of_a_layer_than_the_graph_has(store: RunStore) -> None:
    payload = build_class_layer(store, 3, "conv4")
    counts = store.read_counts("conv4")[3]
    used = [c for c in sorted(range(len(counts)), key=lambda c: (-counts[c], c)) if counts[c]]
    assert payload["channel"] == used[:N_STRONGEST]
    assert payload["count"] == [counts[c] for c in payload["channel"]]
    drawn = {node.channel.channel for node in store.graph(3).nodes if node.channel.layer == "conv4"}
    assert drawn < set(payload["channel"])


def test_channels_of_one_count_go_by_number_and_unused_ones_are_left_out(store: RunStore) -> None:
    payload = build_class_layer(replace_counts(store, [5, 0, 7, 5]), 3, "conv4")
    assert payload["channel"] == [2, 0, 3]
    assert payload["count"] == [7, 5, 5]


def test_a_layer_that_no_image_uses_is_empty(store: RunStore) -> None:
    payload = build_class_layer(replace_counts(store, [0, 0, 0, 0]), 3, "conv4")
    assert payload["channel"] == payload["picture"] == []
    assert {len(values) for values in payload["edges"].values()} == {0}


def test_influences_are_those_of_the_class_between_what_may_be_drawn(store: RunStore) -> None:
    payload = build_class_layer(store, 3, "conv4")
    edges, layers = payload["edges"], store.layer_names
    sources = [Channel(layers[i], c) for i, c in zip(edges["source_layer"], edges["source"], strict=True)]
    targets = [Channel(layers[i], c) for i, c in zip(edges["target_layer"], edges["target"], strict=True)]
    drawn = {node.channel for node in store.graph(3).nodes}
    for layer in layers:
        drawn |= {Channel(layer, c) for c in build_class_layer(store, 3, layer)["channel"]}
    expected = {
        (edge.source, edge.target): edge.influence_count
        for channel in payload["channel"]
        for edge in [
            *store.read_sources(3, Channel("conv4", channel), 99),
            *store.read_targets(3, Channel("conv4", channel), 99),
        ]
        if edge.source in drawn and edge.target in drawn
    }
    assert dict(zip(zip(sources, targets, strict=True), edges["count"], strict=True)) == expected
    assert {channel.layer for channel in sources} == {"conv3", "conv4"}


def test_without_activations_the_remedy_is_named(without_activations: RunStore) -> None:
    with pytest.raises(InputError, match="The run without has no table of them"):
        build_class_layer(without_activations, 3, "conv4")
