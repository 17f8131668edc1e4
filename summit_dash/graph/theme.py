"""The palette. The same values stand as custom properties in `assets/base.css`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COLOR_A", "COLOR_B", "COLOR_SHARED", "PALETTES", "Palette"]

COLOR_A = "#D55E00"
COLOR_B = "#0072B2"
COLOR_SHARED = "#8A8F98"
"""Safe for colour-blind eyes (Okabe and Ito); always together with a line style."""


@dataclass(frozen=True)
class Palette:
    """Colours of one theme."""

    paper: str
    ink: str
    muted: str
    hairline: str
    accent: str
    point: str
    b: str
    """B's blue: lightened in the dark, where the original has too little contrast."""


PALETTES = {
    "light": Palette("#FBFBFC", "#1B1F27", "#697180", "#E4E6EB", "#3D4DB7", "#8A92A3", COLOR_B),
    "dark": Palette("#101319", "#E7E9EE", "#99A1B0", "#2A2F3A", "#8C9BFF", "#6E7789", "#3FA0DC"),
}
