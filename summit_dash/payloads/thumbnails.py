"""All pictures of one attribution graph in one response: fifty small requests take longer than their content."""

from __future__ import annotations

import json
import struct

from summit_dash.run.store import RunStore

__all__ = ["build_thumbnails"]


def build_thumbnails(store: RunStore, class_id: int) -> bytes:
    """Packs the pictures of a class's graph: a little-endian uint32, an index as JSON, then the pictures as WebP.

    The number is the length of the index in bytes. The index lists [channel_id, size in bytes] in the order of the
    pictures.
    """
    found = {node.channel.channel_id: store.pictures.read_picture(node.channel) for node in store.graph(class_id).nodes}
    pictures = {channel_id: picture for channel_id, picture in found.items() if picture}
    index = json.dumps([[channel_id, len(picture)] for channel_id, picture in pictures.items()]).encode()
    return b"".join([struct.pack("<I", len(index)), index, *pictures.values()])
