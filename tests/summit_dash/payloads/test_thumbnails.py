from __future__ import annotations

import json
import struct

from summit_dash.payloads.thumbnails import build_thumbnails
from summit_dash.run.store import RunStore


def test_pictures_follow_an_index_of_their_sizes(store: RunStore) -> None:
    packed = build_thumbnails(store, 5)
    (length,) = struct.unpack_from("<I", packed)
    index = json.loads(packed[4 : 4 + length])
    assert [name for name, _ in index] == [node.channel.channel_id for node in store.graph(5).nodes]
    assert 4 + length + sum(size for _, size in index) == len(packed)
    start = 4 + length
    assert packed[start : start + index[0][1]] == store.pictures.read_picture(store.graph(5).nodes[0].channel)


def test_a_class_without_a_graph_has_an_empty_index(store: RunStore) -> None:
    assert build_thumbnails(store, 99) == struct.pack("<I", 2) + b"[]"
