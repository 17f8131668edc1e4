from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from precompute.contract.errors import InputError
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.thumbnails import build_thumbnails
from summit_dash.run.store import RunStore


def _require_payload(store: RunStore, key: str) -> dict[str, Any]:
    payload = build_payload(store, key)
    assert payload is not None
    json.dumps(payload, allow_nan=False)
    return payload


def test_the_overview_holds_every_class_in_order(store: RunStore) -> None:
    classes = _require_payload(store, "run")["classes"]
    assert classes["id"] == list(store.classes)
    assert classes["n"] == [info.n_images for info in store.classes.values()]
    assert [classes["mark"][4], classes["mark"][8], classes["mark"][0]] == ["n02000548", "n02001096", ""]
    assert {len(values) for values in classes.values()} == {len(store.classes)}


def test_no_accuracy_is_no_zero(bare_store: RunStore) -> None:
    overview = _require_payload(bare_store, "run")
    assert overview["has"]["accuracy"] is False
    assert set(overview["classes"]["top1"]) == {None}
    assert set(overview["classes"]["bins"]) == {None}


def test_the_embedding_has_a_point_per_class_and_layer(store: RunStore) -> None:
    embedding = _require_payload(store, "embedding")
    for layer in store.layers:
        points = store.read_embedding(layer)
        assert embedding["x"][layer] == [round(points[c][0], 3) for c in store.classes]
        assert embedding["y"][layer] == [round(points[c][1], 3) for c in store.classes]


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("labels", "labels"),
        ("class/3", "similarity"),
        ("class/3/panel", "blocks"),
        ("class/3/layer/conv4", "edges"),
        ("class/3/channel/conv4/7", "sources"),
        ("preview/3", "preview"),
        ("channels/conv4", "n_graphs"),
        ("channel/conv4/7", "uses"),
        ("channel/conv4/007", "uses"),
    ],
)
def test_every_kind_of_key_has_a_payload_that_json_can_hold(store: RunStore, key: str, entry: str) -> None:
    assert entry in _require_payload(store, key)


@pytest.mark.parametrize(
    "key", ["class/99", "class/3/layer/conv9", "channel/conv9/1", "channel/conv1/16", "class/3/channel/conv1/99"]
)
def test_what_the_run_does_not_have_is_said(store: RunStore, key: str) -> None:
    with pytest.raises(InputError):
        build_payload(store, key)


@pytest.mark.parametrize("key", ["", "classes", "class/x", "class/-1", "../manifest"])
def test_no_other_keys(store: RunStore, key: str) -> None:
    assert build_payload(store, key) is None


def test_all_pictures_of_a_graph_come_at_once(store: RunStore) -> None:
    bundle = build_thumbnails(store, 3)
    (length,) = struct.unpack("<I", bundle[:4])
    index = json.loads(bundle[4 : 4 + length])
    start = 4 + length
    for node, (channel_id, size) in zip(store.graph(3).nodes, index, strict=True):
        assert channel_id == node.channel.channel_id
        assert bundle[start : start + size] == store.pictures.read_picture(node.channel)
        start += size
    assert start == len(bundle)


def test_the_tour_links_to_what_it_names(store: RunStore) -> None:
    sections = {section["id"]: section for section in _require_payload(store, "about")["sections"]}
    places = sections["tour"]["blocks"][0]["ol"]
    worst = min(store.classes.values(), key=lambda info: info.top1_accuracy or 0)
    assert f"(?class={worst.class_id}&view=graph)" in places[0]
    assert "story-bears" not in sections


def test_only_some_classes_are_as_if_there_were_no_others(store: RunStore) -> None:
    some = RunStore(store.path, only={2, 5})
    assert list(some.classes) == [2, 5]
    assert (some.read_counts("conv3") == store.read_counts("conv3")[[2, 5]]).all()
    in_both = {node.channel for node in store.graph(2).nodes} | {node.channel for node in store.graph(5).nodes}
    assert max(some.count_graphs_with(channel) for channel in in_both) <= 2
