from __future__ import annotations

import pytest

from precompute.contract.schema import ALL_CLASSES
from summit_dash.payloads import channel as channel_module
from summit_dash.payloads.channel import N_ENDS, build_channel, build_class_channel
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

CHANNEL = Channel("conv4", 7)


def test_classes_that_use_a_channel_come_greatest_share_first(store: RunStore) -> None:
    counts = store.read_counts("conv4")[:, 7].tolist()
    expected = sorted((c for c in range(12) if counts[c]), key=lambda c: (-counts[c], c))
    payload = build_channel(store, CHANNEL)
    assert payload["n_uses"] == len(expected)
    assert payload["uses"] == {"class": expected, "count": [counts[c] for c in expected]}


def test_only_the_first_classes_are_listed_and_all_are_counted(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "N_CLASSES", 12)
    options = SyntheticRun(n_classes=16, layers=(("a", 4), ("b", 4)), picture_size=8)
    store = RunStore(write_synthetic_run(tmp_path_factory.mktemp("runs") / "many", options))
    channel = Channel("b", int((store.read_counts("b") > 0).sum(axis=0).argmax()))
    payload = build_channel(store, channel)
    assert payload["n_uses"] > 12
    assert len(payload["uses"]["class"]) == len(payload["uses"]["count"]) == 12


def test_the_number_of_graphs_is_that_of_the_classes_whose_graph_has_the_channel(store: RunStore) -> None:
    channel = store.graph(3).nodes[0].channel
    having = [c for c in store.classes if channel in {node.channel for node in store.graph(c).nodes}]
    assert build_channel(store, channel)["n_graphs"] == len(having) > 0


def test_the_kind_of_picture_is_stated(store: RunStore, bare_store: RunStore) -> None:
    channels = [Channel("conv4", number) for number in range(40)]
    kinds = {channel: store.pictures.get_picture_kind(channel) for channel in channels}
    pictured = next(channel for channel in channels if kinds[channel] is PictureKind.VISUALIZATION)
    drawn = build_channel(store, pictured)
    assert drawn["picture"] is PictureKind.VISUALIZATION and drawn["kinds"]
    bare = build_channel(bare_store, CHANNEL)
    assert (bare["picture"], bare["kinds"], bare["excitation"]) == (PictureKind.EXAMPLE, [], None)


def test_examples_over_all_classes_are_others_than_those_of_a_class(store: RunStore) -> None:
    over_all = store.pictures.list_examples(CHANNEL, ALL_CLASSES)
    own = store.pictures.list_examples(CHANNEL, 3)
    assert build_channel(store, CHANNEL)["examples"]["image_id"] == [example.image_id for example in over_all]
    assert build_class_channel(store, 3, CHANNEL)["examples"]["image_id"] == [example.image_id for example in own]
    assert over_all and own and over_all != own


def test_an_example_that_is_part_of_an_image_has_a_box(part_store: RunStore) -> None:
    boxes = [
        box for channel in range(16) for box in build_channel(part_store, Channel("conv1", channel))["examples"]["box"]
    ]
    parts = [box for box in boxes if box is not None]
    assert 0 < len(parts) < len(boxes)
    assert all(x0 < x1 and y0 < y1 for x0, y0, x1, y1 in parts)


def test_a_channel_within_a_class_has_its_strongest_ends_first(store: RunStore) -> None:
    node = next(node for node in store.graph(3).nodes if node.channel.layer == "conv4")
    payload = build_class_channel(store, 3, node.channel)
    assert payload["count"] == node.activation_count
    for ends, layer in (("sources", 2), ("targets", 4)):
        assert payload[ends]["count"] == sorted(payload[ends]["count"], reverse=True)
        assert set(payload[ends]["layer"]) <= {layer}
        assert len(payload[ends]["channel"]) <= N_ENDS
    assert payload["sources"]["channel"]


def test_the_first_layer_has_no_sources_and_the_last_no_targets(store: RunStore) -> None:
    first, last = (build_class_channel(store, 3, Channel(layer, 2)) for layer in ("conv1", "conv5"))
    assert first["sources"]["channel"] == last["targets"]["channel"] == []
    assert last["sources"]["channel"]


def test_without_activations_nothing_is_said_of_them(without_activations: RunStore) -> None:
    payload = build_channel(without_activations, CHANNEL)
    assert (payload["n_uses"], payload["suggestion"]) == (0, None)
    assert "activation_fraction" not in payload and "is_dead" not in payload
    within = build_class_channel(without_activations, 3, CHANNEL)
    assert within["count"] is None
    assert within["sources"]["channel"]
