"""The contents of a static site of a transfer result: its payloads, the predictions of each cut, and small pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from summit_dash.export.site_packs import Content, Pack, Series, build_pack, encode_content
from summit_dash.payloads.transfer import build_transfer_payload
from summit_dash.run.transfer_store import TransferStore

__all__ = ["list_transfer_packs"]

_LIMIT = 128 * 1024
"""Bytes of a pack of pictures: of a list of images, a page wants a few."""


def list_transfer_packs(store: TransferStore) -> Iterator[Pack]:
    """Yields every pack of the site; `run`, which holds the index of the others, is the last."""
    for key in ("transfer", "images"):
        yield _pack(store, key, {key: _build(store, key)})
    for place in range(len(store.cuts)):
        yield _pack(store, f"cut-{place}", {f"cut/{place}": _build(store, f"cut/{place}")})
    pictures = Series(store.name, "small", _LIMIT)
    yield from pictures.pack(_list_pictures(store))
    index = {"layers": [], "firsts": {pictures.name: pictures.firsts}}
    yield _pack(store, "run", {"index": index, "run": _build(store, "run")})


def _pack(store: TransferStore, name: str, content: Content) -> Pack:
    return build_pack(store.name, name, encode_content(content))


def _build(store: TransferStore, key: str) -> dict[str, Any]:
    payload = build_transfer_payload(store, key, names_folders=False)
    if payload is None:
        raise KeyError(key)
    return payload


def _list_pictures(store: TransferStore) -> Iterator[tuple[int, Content]]:
    for row in store.read_images():
        picture = store.read_picture(row["image_id"])
        if picture is not None:
            yield row["image_id"], {f"small/{row['image_id']}.webp": picture}
