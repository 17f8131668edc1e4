"""The application: Dash with the page, the routes of the runs, and compression."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from cachetools import LRUCache
from dash import Dash
from flask import Flask, Request
from flask_compress import Compress

from summit_dash.figures.heat_maps import draw_part
from summit_dash.live.service import EXTENSION, Live
from summit_dash.pages.account import Account
from summit_dash.pages.application import build_application
from summit_dash.pages.asset_files import find_assets
from summit_dash.pages.frame import build_boot
from summit_dash.run.memory import leave_quickly, use_steady_memory
from summit_dash.run.stores import Entry, Stores
from summit_dash.server.alone_routes import register_alone
from summit_dash.server.answers import Answers
from summit_dash.server.callbacks import register_callback_check
from summit_dash.server.checks import register_checks
from summit_dash.server.computing import register_computing
from summit_dash.server.door import Door, register_door
from summit_dash.server.faults import register_faults
from summit_dash.server.find_runs import find_runs
from summit_dash.server.free_memory import register_free_memory
from summit_dash.server.headers import build_headers, register_headers
from summit_dash.server.health import register_health
from summit_dash.server.log import register_log, start_log
from summit_dash.server.metrics import register_metrics
from summit_dash.server.proxies import TrustedProxies
from summit_dash.server.roles import find_person
from summit_dash.server.routes import register_routes
from summit_dash.server.settings import Settings, is_loopback, read_settings
from summit_dash.server.training_routes import register_training
from summit_dash.server.visit_pictures import register_visit_pictures

__all__ = ["build_server", "create_app", "find_assets"]


def create_app(stores: Mapping[str, Entry] | Iterable[Entry] | Stores, settings: Settings | None = None) -> Dash:
    """Builds the dashboard of one or several runs.

    Args:
        stores: the opened runs and transfer results; the first is shown where the address names none.
        settings: title, prefix of addresses, who may come in; read from the environment where not given.

    Raises:
        InputError: the settings do not belong together.
        ValueError: there is no run.
    """
    settings = settings or Settings()
    if not isinstance(stores, Stores):
        stores = Stores(stores.values() if isinstance(stores, Mapping) else stores)
    runs = stores
    prefix = settings.url_prefix
    door = Door(settings)
    shows_place = door.is_open and is_loopback(settings.host)
    app = build_application(
        lambda: build_boot(runs.entries, prefix, shows_place),
        settings.title,
        prefix,
        ask=lambda: _describe_account(prefix),
    )
    live = Live.start(settings.limits, draw_part)
    register_log(app.server)
    register_metrics(app.server, door, live.workers)
    register_checks(app.server, settings)
    register_door(app.server, door)
    register_callback_check(app, prefix)
    register_faults(app.server)
    register_headers(app.server, build_headers(app.csp_hashes(), settings.frame_ancestors))
    register_health(app.server, runs, prefix)
    computing = register_computing(app.server, settings.shared_folder, prefix)
    register_training(app.server, runs, live.trainings, prefix)
    register_alone(app.server, runs, live, prefix)
    register_routes(app.server, runs, Answers(settings.cache_bytes, shows_place), prefix)
    register_visit_pictures(app.server, live.visits, prefix)
    app.server.extensions[EXTENSION] = {"live": live, "stores": runs, "computing": computing}
    _compress(app.server)
    register_free_memory(app.server)
    app.server.wsgi_app = TrustedProxies(app.server.wsgi_app, settings.trusted_proxy, settings.trust_header)
    return app


def _describe_account(prefix: str) -> Account:
    person = find_person()
    sign_out = f"{prefix}sign-out" if person.session else ""
    return Account(person.name, person.role, person.may("runner"), sign_out)


class _ScriptCache(LRUCache[str, bytes]):
    """The compressed scripts of the component libraries. Other responses have the empty key: they are not kept."""

    def __init__(self) -> None:
        super().__init__(_MOST_SCRIPTS)
        self._lock = threading.Lock()

    def get(self, key: str, default: Any = None) -> Any:
        with self._lock:
            return super().get(key, default)

    def set(self, key: str, value: bytes) -> None:
        if not key.endswith(";"):
            with self._lock:
                self[key] = value


_MOST_SCRIPTS = 64
"""Scripts that are kept; addresses differ by their query, which anybody may make up."""


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

    Which address the server listens on is not known here, so without SUMMIT_DASH_AUTH a token is needed.

    Example: `gunicorn "summit_dash.server.app:build_server()"`

    Raises:
        InputError: a setting is not allowed, there is no run, or nothing says who may come in.
    """
    settings = read_settings()
    if not settings.auth and not settings.trust_header:
        settings = settings.model_copy(update={"auth": "token"})
    leave_quickly()
    stores = find_runs(settings)
    use_steady_memory()
    start_log(settings)
    application: Flask = create_app(stores, settings).server
    live, computing = (application.extensions[EXTENSION][name] for name in ("live", "computing"))
    atexit.register(live.close)
    if computing is not None:
        atexit.register(computing.close)  # the last that is registered comes first
    return application
