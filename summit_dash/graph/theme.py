"""The palette of each theme. `assets/src/base.css` holds the same values as custom properties."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COLOR_A", "COLOR_B", "COLOR_SHARED", "PALETTES", "Palette", "mix"]

COLOR_A = "#D55E00"
COLOR_B = "#0072B2"
COLOR_SHARED = "#8A8F98"
"""Colours that colour-blind people can distinguish (Okabe and Ito 2008), always used with a line style as well."""


@dataclass(frozen=True)
class Palette:
    """Colours of one theme."""

    paper: str
    ink: str
    muted: str
    hairline: str
    raised: str
    """The ground of what lies over the paper."""
    accent: str
    b: str
    """The blue of class B, lighter in the dark theme, where `COLOR_B` has too little contrast."""
    rise: str
    """The ring of the channel with the greatest number; smaller ones fade to the hairline."""
    fall: str
    """The same below 0."""


PALETTES = {
    "light": Palette("#FBFBFC", "#1B1F27", "#697180", "#E4E6EB", "#FFFFFF", "#3D4DB7", COLOR_B, "#A3127A", "#0F766E"),
    "dark": Palette("#101319", "#E7E9EE", "#99A1B0", "#2A2F3A", "#181C24", "#8C9BFF", "#3FA0DC", "#FF8FD8", "#5EEAD4"),
}


def mix(first: str, second: str, share: float) -> str:
    """Blends two colours such as `#E4E6EB`; `share` is that of the second, from 0 to 1."""
    pairs = ((int(first[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + share * (b - a)):02X}" for a, b in pairs)
