"""How wide words are in the shipped typeface, so that a picture can be set without a browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

from summit_dash.asset_files import find_assets

__all__ = ["FONT_STACK", "font_files", "shorten", "width_of"]

FONT_STACK = "Inter, 'Helvetica Neue', Arial, 'Liberation Sans', 'Noto Sans', sans-serif"
_SET_AT = 100
_BOLD_FROM = 550


def font_files() -> list[Path]:
    """Inter as TrueType, regular and semibold: `inter-latin.woff2` at the weights 400 and 600."""
    return [find_assets() / "fonts" / f"inter-latin-{weight}.ttf" for weight in (400, 600)]


@cache
def _font(is_bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_files()[is_bold], _SET_AT)


def width_of(text: str, size: float, weight: int = 400) -> float:
    """Pixels that the text takes at that size."""
    return _font(weight >= _BOLD_FROM).getlength(text) * size / _SET_AT


def shorten(text: str, width: float, size: float, weight: int = 400) -> str:
    """The text, cut with an ellipsis where it is wider than `width`."""
    if width_of(text, size, weight) <= width:
        return text
    kept = text
    while kept and width_of(f"{kept}…", size, weight) > width:
        kept = kept[:-1].rstrip()
    return f"{kept}…"
