"""The routes that serve a run: payloads and pictures, at addresses that change with the run, so browsers keep them."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, abort

from precompute.schema import ALL_CLASSES, InputError
from summit_dash.graphs import Channel
from summit_dash.payloads.keys import build_payload
from summit_dash.payloads.thumbnails import build_thumbnails, read_picture
from summit_dash.store import RunStore
from summit_dash.stores import Stores

__all__ = ["register_routes"]

_FOR_GOOD = "public, max-age=31536000, immutable"


def register_routes(server: Flask, stores: Stores, prefix: str) -> None:
    """Adds `run/<name>/data/...`, `run/<name>/picture/...` and so on, and `healthz`, under the prefix."""

    @server.get(f"{prefix}healthz")
    def healthz() -> dict[str, object]:
        return {"status": "ok", "runs": list(stores)}

    @server.get(f"{prefix}run/<name>/data/<path:key>.json")
    def data(name: str, key: str) -> Response:
        return _answer(_store(stores, name), key)

    @server.get(f"{prefix}run/<name>/thumbnails/<int:class_id>.bin")
    def thumbnails(name: str, class_id: int) -> Response:
        store = _store(stores, name)
        if class_id not in store.classes:
            abort(404)
        return _keep(Response(build_thumbnails(store, class_id), mimetype="application/octet-stream"))

    @server.get(f"{prefix}run/<name>/picture/<path:layer>/<int:channel>.webp")
    def picture(name: str, layer: str, channel: int) -> Response:
        return _send(read_picture(*_channel(stores, name, layer, channel)))

    @server.get(f"{prefix}run/<name>/visualization/<path:layer>/<int:channel>/<kind>.webp")
    def visualization(name: str, layer: str, channel: int, kind: str) -> Response:
        store, at = _channel(stores, name, layer, channel)
        return _send(store.visualization(at, kind))

    @server.get(f"{prefix}run/<name>/example/<path:layer>/<int:channel>/<owner>/<int:rank>.webp")
    def example(name: str, layer: str, channel: int, owner: str, rank: int) -> Response:
        class_id = ALL_CLASSES if owner == "all" else int(owner) if owner.isdigit() else None
        store, at = _channel(stores, name, layer, channel)
        return _send(None if class_id is None else store.example(at, class_id, rank))


def _store(stores: Stores, name: str) -> RunStore:
    if name not in stores:
        abort(404)
    return stores[name]


def _channel(stores: Stores, name: str, layer: str, channel: int) -> tuple[RunStore, Channel]:
    store = _store(stores, name)
    if layer not in store.layers:
        abort(404)
    return store, Channel(layer, channel)


def _answer(store: RunStore, key: str) -> Response:
    """A payload; what the run lacks is an answer too, which the page shows in its place."""
    try:
        payload = build_payload(store, key)
    except InputError as problem:
        return _json({"problem": {"rule": problem.rule, "found": problem.found, "fix": problem.fix}})
    if payload is None:
        abort(404)
    return _keep(_json(payload))


def _json(payload: dict[str, Any]) -> Response:
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Response(text, mimetype="application/json")


def _keep(response: Response) -> Response:
    response.headers["Cache-Control"] = _FOR_GOOD
    return response


def _send(image: bytes | None) -> Response:
    if image is None:
        abort(404)
    return _keep(Response(image, mimetype="image/webp"))
