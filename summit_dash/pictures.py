"""The routes that serve a run's pictures, with addresses that change when the run does, so browsers keep them."""

from __future__ import annotations

from flask import Flask, Response, abort

from precompute.schema import ALL_CLASSES
from summit_dash.graphs import Channel
from summit_dash.stores import Stores

__all__ = ["register_routes"]

_FOR_GOOD = "public, max-age=31536000, immutable"


def register_routes(server: Flask, stores: Stores, prefix: str) -> None:
    """Adds `run/<name>/visualization/...`, `run/<name>/example/...` and `healthz` under the prefix."""

    @server.get(f"{prefix}healthz")
    def healthz() -> dict[str, object]:
        return {"status": "ok", "runs": list(stores)}

    @server.get(f"{prefix}run/<name>/visualization/<path:layer>/<int:channel>.webp")
    def visualization(name: str, layer: str, channel: int) -> Response:
        return _send(stores[name].visualization(Channel(layer, channel)) if _has(stores, name, layer) else None)

    @server.get(f"{prefix}run/<name>/example/<path:layer>/<int:channel>/<owner>/<int:rank>.webp")
    def example(name: str, layer: str, channel: int, owner: str, rank: int) -> Response:
        class_id = ALL_CLASSES if owner == "all" else int(owner) if owner.isdigit() else None
        if class_id is None or not _has(stores, name, layer):
            abort(404)
        return _send(stores[name].example(Channel(layer, channel), class_id, rank))


def _has(stores: Stores, name: str, layer: str) -> bool:
    return name in stores and layer in stores[name].layers


def _send(image: bytes | None) -> Response:
    if image is None:
        abort(404)
    return Response(image, mimetype="image/webp", headers={"Cache-Control": _FOR_GOOD})
