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
    """Builds a button that changes the selection by `action`, a field of it with its new value each."""
    extra = {"data-action": json.dumps(action), **({"data-tip": tip} if tip else {}), **attributes}
    return html.Button(children, className=class_name, type="button", **extra)


def build_icon(name: str) -> Component:
    """Builds an icon; `name` is the end of a class `icon-...` in `assets/src/base.css`."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def build_tool(doing: str, icon: str, label: str) -> Component:
    """Builds a button with an icon; `doing` names one of the functions in `doing` of `assets/src/shell.js`."""
    return html.Button(
        build_icon(icon),
        type="button",
        className="icon-button",
        **{"data-do": doing, "aria-label": label, "data-tip": label},
    )
