"""XML by the standard library: attributes spelt as in Python, and text that XML can hold."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

__all__ = ["Element", "add", "clean_text", "format_number", "serialize"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold in any spelling."""


def add(parent: Element, tag: str, text: str | None = None, /, **attributes: Any) -> Element:
    """Appends an element; `font_size` becomes `font-size`; an attribute that is None is left out."""
    given = {_spell(name): clean_text(format_number(value)) for name, value in attributes.items() if value is not None}
    element = SubElement(parent, tag, given)
    if text is not None:
        element.text = clean_text(text)
    return element


def _spell(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def format_number(value: Any) -> str:
    """Formats a float to a hundredth, without zeros at its end; anything else as text."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def serialize(root: Element) -> bytes:
    """Returns the whole document in UTF-8."""
    ElementTree.indent(root, " ")
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def clean_text(text: str) -> str:
    """Replaces the characters that XML cannot hold by U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
