"""The state of the server, for programs that watch it."""

from __future__ import annotations

from flask import Flask

from precompute.contract.schema import MANIFEST
from precompute.contract.transfer_tables import is_transfer
from summit_dash.run.stores import Stores

__all__ = ["register_health"]


def register_health(server: Flask, stores: Stores, prefix: str) -> None:
    """Adds `healthz` and `readyz` under the prefix. Both answer everyone, and name no run."""

    @server.get(f"{prefix}healthz")
    def report_health() -> dict[str, object]:
        return {"status": "ok"}

    @server.get(f"{prefix}readyz")
    def report_readiness() -> tuple[dict[str, object], int]:
        runs = all((store.path / MANIFEST).is_file() for store in stores.values())
        if runs and all(is_transfer(store.path) for store in stores.results.values()):
            return {"status": "ok"}, 200
        return {"status": "a run is missing"}, 503
