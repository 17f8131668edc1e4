"""The state of the server, for programs that watch it."""

from __future__ import annotations

from flask import Flask

from summit_dash.run.stores import Stores

__all__ = ["register_health"]


def register_health(server: Flask, stores: Stores, prefix: str) -> None:
    """Adds `healthz` and `readyz` under the prefix. Both answer everyone, and name no run."""

    @server.get(f"{prefix}healthz")
    def report_health() -> dict[str, object]:
        return {"status": "ok"}

    @server.get(f"{prefix}readyz")
    def report_readiness() -> tuple[dict[str, object], int]:
        if all(place.is_there for place in stores.entries):
            return {"status": "ok"}, 200
        return {"status": "a run is missing"}, 503
