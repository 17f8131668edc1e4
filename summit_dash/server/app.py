"""The application: Dash with the page, the routes of the runs, and compression."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dash import Dash
from flask import Flask, Request
from flask_compress import Compress

from summit_dash.live.service import EXTENSION, Live
from summit_dash.pages.application import build_application
from summit_dash.pages.asset_files import find_assets
from summit_dash.pages.frame import build_boot
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores, open_runs
from summit_dash.server.routes import register_routes
from summit_dash.server.settings import Settings

__all__ = ["build_server", "create_app", "find_assets"]


def create_app(stores: Mapping[str, RunStore] | Iterable[RunStore], settings: Settings | None = None) -> Dash:
    """Builds the dashboard of one or several runs.

    Args:
        stores: the opened runs; the first is shown where the address names none.
        settings: title and prefix of addresses; read from the environment where not given.

    Raises:
        ValueError: there is no run.
    """
    settings = settings or Settings()
    runs = Stores(stores.values() if isinstance(stores, Mapping) else stores)
    prefix = settings.url_prefix
    app = build_application(lambda: build_boot(runs.values(), prefix), settings.title, prefix)
    register_routes(app.server, runs, prefix)
    app.server.extensions[EXTENSION] = {"live": Live.start(settings.limits), "stores": runs}
    _compress(app.server)
    return app


class _ScriptCache(dict[str, bytes]):
    """A cache of the compressed scripts of the component libraries. Other responses have the empty key: not kept."""

    def set(self, key: str, value: bytes) -> None:
        if not key.endswith(";"):
            self[key] = value


def _build_script_key(request: Request) -> str:
    return str(request.full_path) if "/_dash-component-suites/" in request.path else ""


def _compress(build_server: Flask) -> None:
    build_server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    build_server.config["COMPRESS_ALGORITHM_STREAMING"] = ["br", "gzip"]
    build_server.config["COMPRESS_BR_LEVEL"] = 5
    build_server.config["COMPRESS_CACHE_BACKEND"] = _ScriptCache
    build_server.config["COMPRESS_CACHE_KEY"] = _build_script_key
    Compress(build_server)


def build_server() -> Flask:
    """Builds the application for WSGI servers from the runs that SUMMIT_DASH_RUNS names.

    Example: `gunicorn "summit_dash.server.app:build_server()"`
    """
    settings = Settings()
    application: Flask = create_app(open_runs(settings.runs), settings).server
    return application
