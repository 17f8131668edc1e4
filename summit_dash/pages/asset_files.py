"""Where the page's styles, scripts and fonts are."""

from __future__ import annotations

from pathlib import Path

__all__ = ["find_assets"]


def find_assets() -> Path:
    """The folder of styles, scripts and fonts: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return package / "assets" if (package / "assets").is_dir() else package.parent / "assets"
