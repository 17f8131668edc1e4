"""Dash components as HTML, to look into in tests. A component of another library is an empty element."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from dash.development.base_component import Component

__all__ = ["render"]

_ATTRIBUTES = {"className": "class", "tabIndex": "tabindex", "htmlFor": "for"}
_VOID = frozenset({"img", "input", "br", "hr"})


def render(component: Any) -> str:
    """Writes a component of `dash.html` with its children as HTML. Text is escaped; None is left out."""
    if component is None:
        return ""
    if isinstance(component, str | int | float):
        return escape(str(component), quote=False)
    if not isinstance(component, Component):
        return "".join(render(child) for child in component)
    fields = component.to_plotly_json()
    if fields["namespace"] != "dash_html_components":
        return _write_place(fields)
    tag, props = fields["type"].lower(), dict(fields["props"])
    children = render(props.pop("children", None))
    opening = f"<{tag}{''.join(_write_attributes(props.items()))}>"
    return opening if tag in _VOID else f"{opening}{children}</{tag}>"


def _write_place(fields: Mapping[str, Any]) -> str:
    identity = escape(str(fields["props"].get("id", "")))
    return f'<div id="{identity}" data-component="{fields["namespace"]}.{fields["type"]}"></div>'


def _write_attributes(props: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for name, value in props:
        if value is None or value is False:
            continue
        text = "" if value is True else f'="{escape(str(value))}"'
        yield f" {_ATTRIBUTES.get(name, name)}{text}"
