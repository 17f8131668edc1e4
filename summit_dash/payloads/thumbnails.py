"""All pictures of one attribution graph in one answer: fifty small requests cost more than what they bring."""

from __future__ import annotations

import json
import struct

from summit_dash.run.store import RunStore

__all__ = ["build_thumbnails"]


def build_thumbnails(store: RunStore, class_id: int) -> bytes:
    """A little-endian uint32 with the length of an index, the index as JSON, then the pictures one after the other.

    The index lists [channel_id, size in bytes] in order. WebP; of dataset examples at the size of examples.
    """
    found = {node.channel.channel_id: store.pictures.picture(node.channel) for node in store.graph(class_id).nodes}
    pictures = {channel_id: picture for channel_id, picture in found.items() if picture}
    index = json.dumps([[channel_id, len(picture)] for channel_id, picture in pictures.items()]).encode()
    return b"".join([struct.pack("<I", len(index)), index, *pictures.values()])
