from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.histogram import build_histogram_figure, build_histogram_parts


def test_a_bar_for_each_bin_between_0_and_1() -> None:
    (bars,) = build_histogram_figure([3, 0, 0, 1]).data
    assert (list(bars.x), list(bars.y)) == ([0.125, 0.375, 0.625, 0.875], [3, 0, 0, 1])
    assert bars.hovertext[0] == "0.00 to 0.25: 3 of 4 images"


def test_the_parts_are_the_figure_without_counts() -> None:
    parts = build_histogram_parts("dark")
    assert parts["layout"] == build_histogram_figure([1], "dark").layout.to_plotly_json()
    assert "y" not in parts["data"][0]


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(InputError, match="light or dark"):
        build_histogram_figure([1], "blue")
