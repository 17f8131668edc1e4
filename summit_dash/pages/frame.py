"""The page's frame, and the document around it: the same for the served dashboard and for a static site."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dash import html
from dash.development.base_component import Component

from summit_dash.pages import about, channel_panel, channels, class_panel, embedding, graph, header, ids, sidebar
from summit_dash.pages.components import build_action
from summit_dash.run.store import RunStore

__all__ = ["TABS", "build_boot", "build_page"]

TABS = (("graph", "Graph"), ("compare", "Compare"), ("channels", "Channels"), ("about", "About"))


def build_page(logo: str) -> Component:
    """Header, left column, main view, panels of a channel and of a class; the browser fills them in."""
    tabs = [
        build_action(label, {"view": name}, "view-tab", **{"data-view": name, "role": "tab", "aria-selected": "false"})
        for name, label in TABS
    ]
    left = html.Div([embedding.build_layout(), sidebar.build_layout()], className="left")
    views = (graph, channels, about, channel_panel, class_panel)
    main = html.Main(
        [
            html.Div(tabs, id=ids.TABS, className="view-tabs", role="tablist"),
            html.Div([view.build_layout() for view in views], className="stage-row"),
        ]
    )
    return html.Div(
        [
            header.build_layout(logo),
            header.build_help(),
            html.Div(id=ids.NOTICE),
            html.Div([left, main], className="body"),
        ],
        id=ids.PAGE,
        className="page",
    )


def build_boot(stores: Iterable[RunStore], prefix: str) -> str:
    """What the scripts must know before they ask for anything, as JSON that may stand in a script element."""
    boot: dict[str, Any] = {
        "prefix": prefix,
        "runs": [{"name": store.name, "version": store.version} for store in stores],
    }
    return json.dumps(boot).replace("<", "\\u003c")
