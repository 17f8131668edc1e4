"""HTML of the parts of the document that never change. Dash compares every component of its own with each new state."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from dash.development.base_component import Component

__all__ = ["write_markup"]

_ATTRIBUTES = {"className": "class"}


def write_markup(component: Component | str | Iterable[Any] | None) -> str:
    """Writes components of `dash.html` with their children as HTML."""
    if component is None:
        return ""
    if isinstance(component, str):
        return escape(component, quote=False)
    if not isinstance(component, Component):
        return "".join(write_markup(child) for child in component)
    fields = component.to_plotly_json()
    props = dict(fields["props"])
    children = write_markup(props.pop("children", None))
    attributes = "".join(_write_attribute(name, value) for name, value in props.items())
    tag = fields["type"].lower()
    return f"<{tag}{attributes}>{children}</{tag}>"


def _write_attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    text = "" if value is True else f'="{escape(str(value))}"'
    return f" {_ATTRIBUTES.get(name, name)}{text}"
