"""Links to views inside lines of text, `[text](?view=compare&vs=3)`; `assets/src/views/about.js` reads them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

__all__ = ["clean_brackets", "write_link"]


def write_link(text: str, /, **fields: Any) -> str:
    """Writes a link; a field that it does not name stays as it is on the screen."""
    return f"[{clean_brackets(text)}](?{urlencode(fields)})"


def clean_brackets(text: str) -> str:
    """Replaces square brackets by round ones, so that the text neither makes a link nor ends one."""
    return text.replace("[", "(").replace("]", ")")
