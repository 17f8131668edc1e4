"""All pictures of one attribution graph in one answer: fifty small requests cost more than what they bring."""

from __future__ import annotations

import json
import struct

from precompute.schema import ALL_CLASSES
from summit_dash.graphs import Channel
from summit_dash.store import RunStore

__all__ = ["build_thumbnails", "read_picture"]


def build_thumbnails(store: RunStore, class_id: int) -> bytes:
    """A little-endian uint32 with the length of an index, the index as JSON, then the pictures one after the other.

    The index lists [channel_id, size in bytes] in order. WebP as stored, not decoded.
    """
    found = {node.at.channel_id: read_picture(store, node.at) for node in store.graph(class_id).nodes}
    pictures = {channel_id: picture for channel_id, picture in found.items() if picture}
    index = json.dumps([[channel_id, len(picture)] for channel_id, picture in pictures.items()]).encode()
    return b"".join([struct.pack("<I", len(index)), index, *pictures.values()])


def read_picture(store: RunStore, at: Channel) -> bytes | None:
    """What stands for a channel: its feature visualization, else its best dataset example over all classes, as WebP."""
    if store.is_visualized(at):
        return store.visualization(at)
    return store.example(at, ALL_CLASSES, 0) if store.has("dataset_examples") else None
