from __future__ import annotations

import pytest

from summit_dash.export.lettering import choose_typefaces, list_font_files, measure_width, shorten


def test_the_typeface_is_shipped_in_two_weights() -> None:
    assert all(path.is_file() for path in list_font_files())
    assert measure_width("black bear", 12, 600) > measure_width("black bear", 12) > 0


def test_width_grows_with_the_size() -> None:
    assert measure_width("fox", 24) == pytest.approx(2 * measure_width("fox", 12))


def test_letters_that_it_lacks_are_known_and_get_room() -> None:
    assert choose_typefaces("Ünïcode – “fox” … ↑") is None
    assert choose_typefaces("волк") and choose_typefaces("狼")
    assert measure_width("狼狼", 12) == pytest.approx(24)


def test_what_is_too_wide_is_cut() -> None:
    assert shorten("fox", 100, 12) == "fox"
    cut = shorten("a very long name of a fox", 80, 12)
    assert cut.startswith("a very") and cut.endswith("…")
    assert measure_width(cut, 12) <= 80
