from __future__ import annotations

import re

import pytest

from summit_dash.graph.theme import COLOR_A, COLOR_SHARED, PALETTES
from summit_dash.pages.asset_files import find_assets


def compute_luminance(color: str) -> float:
    """Computes the relative luminance of a colour (WCAG 2.1)."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def compute_contrast(first: str, second: str) -> float:
    low, high = sorted(map(compute_luminance, (first, second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_words_and_lines_can_be_seen_on_the_paper(theme: str) -> None:
    palette = PALETTES[theme]
    assert compute_contrast(palette.ink, palette.paper) > 7
    assert compute_contrast(palette.muted, palette.paper) > 4.5
    assert all(
        compute_contrast(color, palette.paper) > 3
        for color in (COLOR_A, palette.b, COLOR_SHARED, palette.rise, palette.fall)
    )


def test_the_style_sheet_of_the_page_has_the_same_colours() -> None:
    styles = (find_assets() / "src" / "base.css").read_text().casefold()
    colors = set(re.findall(r"#[0-9a-f]{6}", styles))
    for palette in PALETTES.values():
        assert {palette.paper, palette.ink, palette.muted, palette.hairline, palette.b, palette.rise, palette.fall} <= {
            color.upper() for color in colors
        }
