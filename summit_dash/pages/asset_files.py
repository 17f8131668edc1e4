"""The folder of the page's styles, scripts and fonts."""

from __future__ import annotations

from pathlib import Path

__all__ = ["find_assets"]


def find_assets() -> Path:
    """Returns the folder of styles, scripts and fonts: inside an installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    return package / "assets" if (package / "assets").is_dir() else package.parent / "assets"
