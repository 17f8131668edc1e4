from __future__ import annotations

from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.of_ends import build_class_ends
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore


def find_lost(store: RunStore, class_id: int) -> set[Channel]:
    """Finds by repeated passes what no influence of the graph leads up from."""
    graph = store.graph(class_id)
    reached = {node.channel for node in graph.nodes if node.channel.layer == store.layer_names[-1]}
    while True:
        more = reached | {edge.source for edge in graph.edges if edge.target in reached}
        if more == reached:
            return {node.channel for node in graph.nodes} - reached
        reached = more


def test_every_channel_without_a_way_up_has_its_reason(store: RunStore) -> None:
    reasons = build_payload(store, "class/3/ends")["reasons"]  # type: ignore[index]
    assert set(reasons) == {channel.channel_id for channel in find_lost(store, 3)}


def test_a_way_up_begins_at_a_channel_without_one_in_the_graph(store: RunStore) -> None:
    for class_id in store.classes:
        graph, found = store.graph(class_id), build_class_ends(store, class_id)
        drawn = {node.channel.channel_id for node in graph.nodes}
        leading = {edge.source.channel_id for edge in graph.edges}
        for way in found["ways"]:
            assert way["source"] in set(found["reasons"]) - leading
            assert way["target"] in drawn and not drawn & set(way["through"])
            assert len(way["through"]) >= 1 and way["n_images"] >= 1


def test_without_influences_there_is_no_reason(bare_store: RunStore) -> None:
    assert build_class_ends(bare_store, next(iter(bare_store.classes))) == {"reasons": {}, "ways": []}
