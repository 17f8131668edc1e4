"""The Dash application of the page: layout, callbacks of the browser, document. A server and a static site show it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache, partial
from urllib.parse import quote

from dash import ClientsideFunction, Dash, Input, dcc, html
from dash._utils import to_json
from dash.development.base_component import Component
from flask import Response

from summit_dash.pages import ids, registry
from summit_dash.pages.account import Account
from summit_dash.pages.asset_files import find_assets
from summit_dash.pages.frame import build_page
from summit_dash.pages.header import build_help
from summit_dash.pages.markup import write_markup

__all__ = ["build_application"]


def build_application(
    boot: Callable[[], str],
    title: str,
    prefix: str = "/",
    is_static: bool = False,
    ask: Callable[[], Account] = Account,
) -> Dash:
    """Builds the application, without the routes of any run.

    Args:
        boot: returns the data that the document begins with, as JSON that is safe inside a script element.
        title: title of the document.
        prefix: prefix of all addresses; begins and ends with a slash.
        is_static: leaves out the pages that need a server, and names the logo relative to the document.
        ask: returns the account of the person who opens the page.
    """
    app = _Page(
        "summit_dash",
        title=title,
        update_title=None,
        assets_folder=str(find_assets()),
        assets_path_ignore=["^src$", "^vendor$"],
        serve_locally=True,
        routes_pathname_prefix=prefix,
        requests_pathname_prefix=prefix,
        suppress_callback_exceptions=True,
    )
    app.index_string = _INDEX
    app.enable_dev_tools(debug=False, dev_tools_ui=False, dev_tools_props_check=False)
    app.boot, app.ask = boot, ask
    logo = "assets/favicon.svg" if is_static else app.get_asset_url("favicon.svg")
    build = lru_cache(_MOST_LAYOUTS)(partial(_build_layout, logo, is_static))
    app.layout = lambda: build(ask())
    _register_callbacks(app, is_static)
    return app


def _build_layout(logo: str, is_static: bool, account: Account) -> Component:
    stores = [dcc.Store(id=name) for name in (ids.SELECTION, ids.PAGES_SELECTION)]
    return html.Div([*stores, build_page(logo, is_static, account)])


class _Page(Dash):
    """A Dash application whose document begins with the data in `boot`, made for each request.

    Attributes:
        boot: returns the data.
        ask: returns the account of the person who opens the page.
        computing: outputs of the callbacks of the pages that compute. Those who do not see these pages do not get
            them: their components are not there.
    """

    boot: Callable[[], str]
    ask: Callable[[], Account]
    computing: Collection[str] = ()

    def dependencies(self) -> Response:
        """Answers with the callbacks of the pages that the person sees."""
        left_out = () if self.ask().may_compute else self.computing
        shown = [each for each in self._callback_list if each["output"] not in left_out]
        return Response(to_json(shown), mimetype="application/json")

    def interpolate_index(self, **parts: str) -> str:
        document: str = super().interpolate_index(**{**parts, "favicon": _build_icon_link()})
        return document.replace(_HELP, write_markup(build_help()), 1).replace(_BOOT, self.boot(), 1)


def _build_icon_link() -> str:
    """Builds the link of the icon with the icon inside: Chromium asks for it again whenever the address changes."""
    icon = (find_assets() / "favicon.svg").read_text(encoding="utf-8")
    return f'<link rel="icon" href="data:image/svg+xml,{quote(icon)}">'


def _register_callbacks(app: _Page, is_static: bool) -> None:
    """Adds the callbacks of the browser, which show each new selection, and those of the pages.

    For each callback of a selection, Dash compares every component of the page several times. So one shows it, and
    gives the components of graph and embedding what is new.
    """
    app.clientside_callback(ClientsideFunction("summit", "start"), Input(ids.PAGE, "id"))
    app.clientside_callback(ClientsideFunction("summit", "show"), Input(ids.SELECTION, "data"))
    for needs_server in (False,) if is_static else (False, True):
        before = len(app._callback_list)
        for entry in registry.PAGES:
            if entry.register_callbacks is not None and entry.page.needs_server == needs_server:
                entry.register_callbacks(app)
        app.computing = {each["output"] for each in app._callback_list[before:]} if needs_server else ()


_MOST_LAYOUTS = 32
"""Layouts that are kept, one for each account."""
_BOOT, _HELP = "%boot%", "%help%"
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
%help%
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""
