"""Builds the application. Nothing happens at import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component
from flask import Flask, Request
from flask_compress import Compress

from summit_dash import ids
from summit_dash.asset_files import find_assets
from summit_dash.components import build_action
from summit_dash.pictures import register_routes
from summit_dash.settings import Settings
from summit_dash.store import RunStore
from summit_dash.stores import Stores
from summit_dash.stylesheet import build_stylesheets
from summit_dash.views import channel_panel, compare, embedding, graph, header, sidebar, state

__all__ = ["create_app", "find_assets", "server"]

_TABS = (("graph", "Graph"), ("compare", "Compare"))


def create_app(stores: Mapping[str, RunStore] | Iterable[RunStore], settings: Settings | None = None) -> Dash:
    """The dashboard over one or several runs.

    Args:
        stores: the opened runs; the first is shown where the address names none.
        settings: how it is served; taken from the environment where not given.
    """
    settings = settings or Settings()
    runs = Stores(stores.values() if isinstance(stores, Mapping) else stores)
    app = Dash(
        "summit_dash",
        title=settings.title,
        update_title=None,
        assets_folder=str(find_assets()),
        serve_locally=True,
        routes_pathname_prefix=settings.url_prefix,
        requests_pathname_prefix=settings.url_prefix,
        suppress_callback_exceptions=True,
    )
    app.index_string = _INDEX
    app.enable_dev_tools(debug=False, dev_tools_ui=False, dev_tools_props_check=False)
    app.layout = build_layout(runs, app)
    register_routes(app.server, runs, settings.url_prefix)
    _register_callbacks(app, runs, settings)
    _compress(app.server)
    return app


def build_layout(stores: Stores, app: Dash) -> Component:
    """The page: header, left column, main view, channel panel."""
    tabs = [
        build_action(label, {"view": name}, "view-tab", **{"data-view": name, "role": "tab", "aria-selected": "false"})
        for name, label in _TABS
    ]
    stylesheets = build_stylesheets()
    left = html.Div([embedding.build_layout(stores), sidebar.build_layout(stores)], className="left")
    main = html.Main(
        [
            html.Div(tabs, id=ids.TABS, className="view-tabs", role="tablist"),
            *graph.build_layout(stores, stylesheets, channel_panel.build_layout()),
        ]
    )
    body = html.Div([left, main], className="body")
    page = html.Div(
        [*header.build_layout(stores, app.get_asset_url("favicon.svg")), body], id=ids.PAGE, className="page"
    )
    return dmc.MantineProvider([*state.build_layout(), page], id=ids.PROVIDER, theme=_MANTINE)


def _register_callbacks(app: Dash, stores: Stores, settings: Settings) -> None:
    state.register_callbacks(app, stores)
    header.register_callbacks(app, stores)
    sidebar.register_callbacks(app, stores)
    embedding.register_callbacks(app, stores)
    graph.register_callbacks(app, stores, settings.url_prefix)
    compare.register_callbacks(app)
    channel_panel.register_callbacks(app, stores, settings)


class _ScriptCache(dict[str, bytes]):
    """Keeps the compressed scripts of the component libraries; every other answer has the empty key and is not kept."""

    def set(self, key: str, value: bytes) -> None:
        if not key.endswith(";"):
            self[key] = value


def _script_key(request: Request) -> str:
    return str(request.full_path) if "/_dash-component-suites/" in request.path else ""


def _compress(server: Flask) -> None:
    server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    server.config["COMPRESS_ALGORITHM_STREAMING"] = ["br", "gzip"]
    server.config["COMPRESS_BR_LEVEL"] = 5
    server.config["COMPRESS_CACHE_BACKEND"] = _ScriptCache
    server.config["COMPRESS_CACHE_KEY"] = _script_key
    Compress(server)


def server() -> Flask:
    """For gunicorn and other WSGI servers: `gunicorn "summit_dash.app:server()"`, runs named by SUMMIT_DASH_RUNS."""
    settings = Settings()
    application: Flask = create_app([RunStore(path) for path in settings.runs], settings).server
    return application


_MANTINE = {
    "fontFamily": "Inter, system-ui, sans-serif",
    "primaryColor": "indigo",
    "defaultRadius": 6,
    "respectReducedMotion": True,
}
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
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""
