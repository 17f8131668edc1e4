"""Dash components as HTML, for the page of a static site.

A component of another library becomes an empty element with its properties, which `static.js` gives to React.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from dash.development.base_component import Component

__all__ = ["LIBRARIES", "render"]

LIBRARIES = ("dash_cytoscape",)
"""The libraries whose components a static site can show."""

_ATTRIBUTES = {"className": "class", "tabIndex": "tabindex", "htmlFor": "for"}
_VOID = frozenset({"img", "input", "br", "hr"})


def render(component: Any) -> str:
    """Writes a component of `dash.html` with its children as HTML. Text is escaped; None is left out.

    Raises:
        TypeError: a component of a library that a static site does not hold.
    """
    if component is None:
        return ""
    if isinstance(component, str | int | float):
        return escape(str(component), quote=False)
    if not isinstance(component, Component):
        return "".join(render(child) for child in component)
    fields = component.to_plotly_json()
    if fields["namespace"] in LIBRARIES:
        return _write_place(fields)
    if fields["namespace"] != "dash_html_components":
        raise TypeError(
            f"{fields['type']} of {fields['namespace']} is no HTML element; a page with it "
            "says needs_server=True in its PAGE"
        )
    tag, props = fields["type"].lower(), dict(fields["props"])
    children = render(props.pop("children", None))
    opening = f"<{tag}{''.join(_write_attributes(props.items()))}>"
    return opening if tag in _VOID else f"{opening}{children}</{tag}>"


def _write_place(fields: Mapping[str, Any]) -> str:
    """Writes the place where React draws a component."""
    props = json.dumps(fields["props"], separators=(",", ":"), ensure_ascii=False)
    name = f"{fields['namespace']}.{fields['type']}"
    return f'<div class="react-place" data-component="{name}" data-props="{escape(props)}"></div>'


def _write_attributes(props: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for name, value in props:
        if value is None or value is False:
            continue
        text = "" if value is True else f'="{escape(str(value))}"'
        yield f" {_ATTRIBUTES.get(name, name)}{text}"
