from __future__ import annotations

from summit_dash.figures.shared_bars import build_shared_bars_parts
from summit_dash.graph.theme import PALETTES


def test_the_page_adds_bars_of_three_classes_to_a_clear_ground() -> None:
    parts = build_shared_bars_parts("dark")
    assert parts["colors"] == [PALETTES["dark"].b, PALETTES["dark"].ink, PALETTES["dark"].muted]
    assert parts["data"][0]["orientation"] == "h"
    assert parts["layout"]["paper_bgcolor"] == parts["layout"]["plot_bgcolor"] == "rgba(0,0,0,0)"
    assert list(parts["layout"]["xaxis"]["range"]) == [0, 1]
