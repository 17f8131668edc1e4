"""Small pure builders shared by the views."""

from __future__ import annotations

import json
from typing import Any

from dash import html
from dash.development.base_component import Component

__all__ = ["build_action", "build_icon", "build_tool"]


def build_action(
    children: Any, action: dict[str, Any], class_name: str = "", tip: str = "", **attributes: Any
) -> Component:
    """A button that does one thing to the selection."""
    extra = {"data-action": json.dumps(action), **({"data-tip": tip} if tip else {}), **attributes}
    return html.Button(children, className=class_name, type="button", **extra)


def build_icon(name: str) -> Component:
    """An icon of the sheet in `assets/icons.css`."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def build_tool(what: str, icon: str, label: str) -> Component:
    """A button with an icon; `what` names one of the doings of `assets/shell.js`."""
    return html.Button(
        build_icon(icon),
        type="button",
        className="icon-button",
        **{"data-do": what, "aria-label": label, "data-tip": label},
    )
