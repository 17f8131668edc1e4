from __future__ import annotations

import json

import pytest

from summit_dash.figures.embedding_page import build_embedding_parts
from summit_dash.graph.theme import PALETTES


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_parts_are_json_in_the_colours_of_the_theme(theme: str) -> None:
    parts = json.loads(json.dumps(build_embedding_parts(theme)))
    assert parts["layout"]["paper_bgcolor"] == PALETTES[theme].paper
    assert len(parts["ramp"]) == 16


def test_the_view_is_that_of_the_browser() -> None:
    layout = build_embedding_parts("light")["layout"]
    assert layout["dragmode"] == "pan"
    assert not layout["xaxis"]["autorange"]
    assert not layout["yaxis"].get("scaleanchor")
