"""The width of words in the shipped typeface, so that a picture can be set without a browser."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

from summit_dash.pages.asset_files import find_assets

__all__ = ["FONT_STACK", "choose_typefaces", "list_font_files", "measure_width", "shorten"]

FONT_STACK = "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', 'Noto Sans', sans-serif"
OTHER_SCRIPTS = "'Noto Sans', 'DejaVu Sans', 'Liberation Sans', 'Helvetica Neue', Arial, sans-serif"
"""Typefaces of words with letters that Inter lacks. Without them resvg replaces single letters by slanted ones."""
_SHIPPED = re.compile(
    "[\u0020-\u007e\u00a0-\u00ff\u2013\u2014\u2018-\u201e\u2022\u2026\u2191\u2193\u20ac\u2122\u2212]*"
)
_SET_AT = 100
_WIDER = 1.25
"""Width of DejaVu Sans, the widest of the other typefaces, relative to Inter."""
_BOLD_FROM = 550


def list_font_files() -> list[Path]:
    """Lists the files of Inter as TrueType: `inter-latin.woff2` at the weights 400 and 600."""
    return [find_assets() / "fonts" / f"inter-latin-{weight}.ttf" for weight in (400, 600)]


@cache
def _load_font(is_bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(list_font_files()[is_bold], _SET_AT)


def choose_typefaces(text: str) -> str | None:
    """Chooses the typefaces for words that Inter cannot set; None where it can."""
    return None if _SHIPPED.fullmatch(text) else OTHER_SCRIPTS


def measure_width(text: str, size: float, weight: int = 400) -> float:
    """Measures the pixels that a text takes at a size. Letters that Inter lacks count with their greatest width."""
    if choose_typefaces(text) is None:
        return _load_font(weight >= _BOLD_FROM).getlength(text) * size / _SET_AT
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    narrow = "".join(letter for letter in text if unicodedata.east_asian_width(letter) not in "WF")
    return size * (wide + _WIDER * _load_font(weight >= _BOLD_FROM).getlength(narrow) / _SET_AT)


def shorten(text: str, width: float, size: float, weight: int = 400) -> str:
    """Shortens a text with an ellipsis where it is wider than `width` pixels."""
    if measure_width(text, size, weight) <= width:
        return text
    kept = text
    while kept and measure_width(f"{kept}…", size, weight) > width:
        kept = kept[:-1].rstrip()
    return f"{kept}…"
