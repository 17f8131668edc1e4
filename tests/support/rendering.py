"""Dash components as HTML, for tests that look for words and attributes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from dash.development.base_component import Component

__all__ = ["render"]

_ATTRIBUTES = {"className": "class", "tabIndex": "tabindex", "htmlFor": "for"}
_VOID = frozenset({"img", "input", "br", "hr"})


def render(component: Any) -> str:
    """Writes a component with its children. One of another library is an empty element with its properties."""
    if component is None:
        return ""
    if isinstance(component, str | int | float):
        return escape(str(component), quote=False)
    if not isinstance(component, Component):
        return "".join(render(child) for child in component)
    fields = component.to_plotly_json()
    tag, props = fields["type"].lower(), dict(fields["props"])
    if fields["namespace"] != "dash_html_components":
        text = json.dumps(props, separators=(",", ":"))
        return f'<div data-component="{fields["type"]}" data-props="{escape(text)}"></div>'
    children = render(props.pop("children", None))
    opening = f"<{tag}{''.join(_write_attributes(props.items()))}>"
    return opening if tag in _VOID else f"{opening}{children}</{tag}>"


def _write_attributes(props: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for name, value in props:
        if value is None or value is False:
            continue
        text = "" if value is True else f'="{escape(str(value))}"'
        yield f" {_ATTRIBUTES.get(name, name)}{text}"
