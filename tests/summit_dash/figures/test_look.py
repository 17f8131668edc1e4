from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.look import RAMPS, build_axis, build_layout, check_theme, scale
from summit_dash.graph.theme import PALETTES


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_figure_has_the_paper_and_the_type_of_the_page(theme: str) -> None:
    layout = build_layout(theme)
    assert layout.paper_bgcolor == layout.plot_bgcolor == PALETTES[theme].paper
    assert layout.font.family.startswith("Inter")


def test_an_unknown_theme_is_rejected() -> None:
    with pytest.raises(InputError, match="light or dark"):
        check_theme("sepia")


def test_the_scale_goes_from_violet_to_yellow_and_the_ramps_leave_out_what_would_vanish() -> None:
    assert (scale(0), scale(1), scale(-1), scale(2)) == ("#440154", "#FDE725", "#440154", "#FDE725")
    assert RAMPS["light"][0] == "#440154"
    assert RAMPS["dark"][-1] == "#FDE725"
    assert len(set(RAMPS["light"])) == len(RAMPS["light"]) == 16


def test_an_axis_without_ticks_shows_nothing() -> None:
    assert not build_axis("light")["showgrid"]
    assert build_axis("light", "n", [0, 1], ["none", "all"])["ticktext"] == ["none", "all"]
