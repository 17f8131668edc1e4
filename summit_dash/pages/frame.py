"""The page's frame, and the document around it: the same for the served dashboard and for a static site."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import channel_panel, class_panel, embedding, header, ids, registry, sidebar
from summit_dash.pages.account import Account, build_account
from summit_dash.pages.components import build_action, build_tool
from summit_dash.pages.page import Page
from summit_dash.run.names import describe_place
from summit_dash.run.places import Entry, Place

__all__ = ["build_boot", "build_page", "list_runs"]


def build_page(logo: str, is_static: bool = False, account: Account | None = None) -> Component:
    """Builds header, left column, main view and panels; the browser fills them in.

    Args:
        logo: address of the logo.
        is_static: leaves out the pages that need a server.
        account: of the person who looks at the page; None for everybody.
    """
    account = account or Account()
    computes = account.may_compute and not is_static
    entries = [entry for entry in registry.PAGES if computes or not entry.page.needs_server]
    left = html.Div([embedding.build_layout(), sidebar.build_layout()], className="left")
    panes = [_build_pane(entry.page, entry.build_layout()) for entry in entries if entry.build_layout is not None]
    main = html.Main(
        [
            html.Div([_build_tab(entry.page) for entry in entries], id=ids.TABS, className="view-tabs", role="tablist"),
            html.Div([*panes, channel_panel.build_layout(), class_panel.build_layout()], className="stage-row"),
        ]
    )
    return html.Div(
        [
            _build_skip_links(),
            header.build_layout(logo, build_account(account)),
            html.Div(id=ids.NOTICE),
            html.Div([_build_left_bar(), left, main], className="body"),
        ],
        id=ids.PAGE,
        className="page",
    )


def _build_left_bar() -> Component:
    """Builds the bar that the left column folds into where the window is narrow."""
    tools = [
        build_tool("left-classes", "groups", "Classes"),
        build_tool("left-embedding", "points", "Embedding"),
    ]
    return html.Nav(tools, className="left-bar", **{"aria-label": "Left column"})


def _build_skip_links() -> Component:
    """Builds the links that lead past header and list; they are seen while they have the focus."""
    places = {"search": "Skip to the list of classes", ids.GRAPH: "Skip to the graph"}
    links = [html.A(text, href=f"#{place}", **{"data-skip": place}) for place, text in places.items()]
    return html.Nav(links, className="skip-links", **{"aria-label": "Skip"})


def _build_tab(page: Page) -> Component:
    attributes = {
        "data-view": page.key,
        "data-place": page.place or page.title,
        "role": "tab",
        "aria-selected": "false",
    }
    if page.shows_class:
        attributes["data-shows-class"] = ""
    return build_action(page.title, {"view": page.key}, "view-tab", **attributes)


def _build_pane(page: Page, layout: Component) -> Component:
    """Returns a layout that names its views by `data-pane` as it is, and any other one in a pane of its own."""
    if getattr(layout, "data-pane", None):
        return layout
    return html.Section(
        layout, className="pane added-pane", hidden=True, **{"data-pane": page.key, "aria-label": page.title}
    )


def build_boot(stores: Iterable[Entry | Place], prefix: str, shows_place: bool = False) -> str:
    """Returns runs, results and the prefix of their addresses as JSON that is safe inside a script element."""
    boot: dict[str, Any] = {"prefix": prefix, "runs": list_runs(stores, shows_place)}
    return json.dumps(boot).replace("<", "\\u003c")


def list_runs(stores: Iterable[Entry | Place], shows_place: bool = False) -> list[dict[str, str]]:
    """Lists runs and results as the page chooses among them: name, version, model and dataset.

    Args:
        stores: runs and results, open or not.
        shows_place: adds their folders, which are nobody's business but that of a person on the same machine.
    """
    return [
        {
            "name": store.name,
            "version": store.version,
            "about": " · ".join(filter(None, (store.model_name, store.dataset_name))),
            **({"kind": "transfer"} if store.kind == "transfer" else {}),
            **({"place": describe_place(store.path)} if shows_place else {}),
        }
        for store in stores
    ]
