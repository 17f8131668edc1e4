"""The application: Dash with the page, the routes of the runs, and compression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from dash import ClientsideFunction, Dash, Input, dcc, html
from flask import Flask, Request
from flask_compress import Compress

from summit_dash.pages import embedding, ids, registry
from summit_dash.pages.asset_files import find_assets
from summit_dash.pages.frame import build_boot, build_page
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores
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
    app = _Page(
        "summit_dash",
        title=settings.title,
        update_title=None,
        assets_folder=str(find_assets()),
        assets_path_ignore=["^src$", "^vendor$"],
        serve_locally=True,
        routes_pathname_prefix=settings.url_prefix,
        requests_pathname_prefix=settings.url_prefix,
        suppress_callback_exceptions=True,
    )
    app.index_string = _INDEX
    app.enable_dev_tools(debug=False, dev_tools_ui=False, dev_tools_props_check=False)
    app.boot = lambda: build_boot(runs.values(), settings.url_prefix)
    app.layout = html.Div([dcc.Store(id=ids.SELECTION), build_page(app.get_asset_url("favicon.svg"))])
    register_routes(app.server, runs, settings.url_prefix)
    _register_callbacks(app)
    _compress(app.server)
    return app


class _Page(Dash):
    """A Dash application whose document begins with the data in `boot`, made for each request."""

    boot: Callable[[], str]

    def interpolate_index(self, **parts: str) -> str:
        document: str = super().interpolate_index(**parts)
        return document.replace(_BOOT, self.boot(), 1)


def _register_callbacks(app: Dash) -> None:
    """Adds the callbacks of the browser, which show each new selection, and those of the pages."""
    app.clientside_callback(ClientsideFunction("summit", "start"), Input(ids.PAGE, "id"))
    app.clientside_callback(ClientsideFunction("summit", "show"), Input(ids.SELECTION, "data"))
    embedding.register_callbacks(app)
    for entry in registry.PAGES:
        if entry.register_callbacks is not None:
            entry.register_callbacks(app)


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
    application: Flask = create_app([RunStore(path) for path in settings.runs], settings).server
    return application


_BOOT = "%boot%"
_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{%title%}</title>
{%favicon%}
{%css%}
</head>
<body>
<script id="boot" type="application/json">%boot%</script>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""
