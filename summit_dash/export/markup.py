"""XML by the standard library: elements with attributes in code's spelling, and text that XML can hold."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

__all__ = ["Element", "add", "number", "serialize"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold in any spelling."""


def add(parent: Element, tag: str, text: str | None = None, /, **attributes: Any) -> Element:
    """Appends an element; `font_size` becomes `font-size`, `attr__name` `attr.name`; what is None is left out."""
    given = {_spell(name): _clean(number(value)) for name, value in attributes.items() if value is not None}
    element = SubElement(parent, tag, given)
    if text is not None:
        element.text = _clean(text)
    return element


def _spell(name: str) -> str:
    return name.rstrip("_").replace("__", ".").replace("_", "-")


def number(value: Any) -> str:
    """A number to a hundredth without idle zeros; anything else as text."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def serialize(root: Element) -> bytes:
    """The whole document in UTF-8."""
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
