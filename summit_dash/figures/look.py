"""The look that all figures share: colours of both themes, type, axes, and the choice of toolbar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import plotly.graph_objects as go

from precompute.contract.errors import InputError
from summit_dash.graph.theme import PALETTES, Palette

__all__ = [
    "ACCENTS",
    "CLEAR",
    "CONFIG",
    "GROUP_COLORS",
    "RAMPS",
    "Theme",
    "build_axis",
    "build_layout",
    "check_theme",
    "fade",
    "scale",
]

Theme = Literal["light", "dark"]
"""The two themes of the page."""

FONT = "Inter, system-ui, sans-serif"
ACCENTS = {"light": "#3D4DB7", "dark": "#8C9BFF"}
"""The one accent of each theme."""
CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "doubleClick": False,
    "responsive": False,
    "showAxisDragHandles": False,
    "showAxisRangeEntryBoxes": False,
    "showTips": False,
}
"""The settings of a figure on the page: no toolbar, because the page has its own buttons."""

_VIRIDIS = (
    "#440154", "#482878", "#3E4989", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6ECE58", "#B5DE2B", "#FDE725",
)  # fmt: skip
_STEPS = 16
CLEAR = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}
"""Fields of the layout of a figure that lies on what is beneath it."""
GROUP_COLORS = {
    "light": (
        "#332288", "#CC6677", "#117733", "#88CCEE", "#882255", "#DDCC77", "#44AA99", "#AA4499", "#999933", "#0077BB",
    ),
    "dark": (
        "#8F84D8", "#CC6677", "#4C9F63", "#88CCEE", "#C06090", "#DDCC77", "#44AA99", "#C77FBF", "#AAAA44", "#33A0E8",
    ),
}  # fmt: skip
"""Colours of groups, the largest first: the muted scheme of Tol (2021), with three lighter ones in the dark theme."""


def check_theme(theme: str) -> Palette:
    """Returns the palette of a theme.

    Raises:
        InputError: there is no theme of this name.
    """
    if theme not in PALETTES:
        raise InputError("A theme is light or dark.", f"The theme given is {theme!r}.", "Choose one of the two.")
    return PALETTES[theme]


def scale(position: float) -> str:
    """Returns the viridis colour at a position from 0 to 1, as #RRGGBB."""
    at = min(max(position, 0.0), 1.0) * (len(_VIRIDIS) - 1)
    low = min(int(at), len(_VIRIDIS) - 2)
    return _mix(_VIRIDIS[low], _VIRIDIS[low + 1], at - low)


def fade(color: str, opacity: float) -> str:
    """Returns a colour `#RRGGBB` with an opacity from 0 to 1, as CSS and plotly take it."""
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:.3f})"


def _mix(first: str, second: str, part: float) -> str:
    ends = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (first, second)]
    return "#" + "".join(f"{round(a + (b - a) * part):02X}" for a, b in zip(*ends, strict=True))


def _build_ramp(low: float, high: float) -> tuple[str, ...]:
    return tuple(scale(low + (high - low) * step / (_STEPS - 1)) for step in range(_STEPS))


RAMPS = {"light": _build_ramp(0, 0.88), "dark": _build_ramp(0.28, 1)}
"""Sequential colours, low to high: viridis without the end that would vanish on the paper of the theme."""


def build_layout(theme: str, size: int = 12, **more: Any) -> go.Layout:
    """Builds the layout that all figures begin with: paper, type, hover labels, and no margin.

    Args:
        theme: `light` or `dark`.
        size: font size in pixels.
        more: fields of the layout that this figure sets.
    """
    palette = check_theme(theme)
    font = {"family": FONT, "size": size, "color": palette.muted}
    hover = {"bgcolor": palette.paper, "bordercolor": palette.hairline, "font": {**font, "color": palette.ink}}
    base: dict[str, Any] = {
        "font": font,
        "paper_bgcolor": palette.paper,
        "plot_bgcolor": palette.paper,
        "hoverlabel": hover,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "showlegend": False,
        "template": "none",
    }
    return go.Layout({**base, **more})


def build_axis(theme: str, title: str = "", ticks: Sequence[float] = (), words: Sequence[str] = ()) -> dict[str, Any]:
    """Builds an axis with hairlines at its ticks; without ticks it shows nothing.

    Args:
        theme: `light` or `dark`.
        title: what the axis means, with its unit.
        ticks: values at which a hairline lies.
        words: text beside each of them; the number itself where not given.
    """
    palette = check_theme(theme)
    axis: dict[str, Any] = {
        "title": {"text": title, "standoff": 6},
        "fixedrange": True,
        "zeroline": False,
        "showline": False,
        "showgrid": bool(ticks),
        "gridcolor": palette.hairline,
        "showticklabels": bool(ticks),
        "tickvals": list(ticks),
    }
    return {**axis, **({"ticktext": list(words)} if words else {})}
