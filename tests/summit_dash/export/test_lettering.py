from __future__ import annotations

import pytest

from summit_dash.export.lettering import font_files, other_script, shorten, width_of


def test_the_typeface_is_shipped_in_two_weights() -> None:
    assert all(path.is_file() for path in font_files())
    assert width_of("black bear", 12, 600) > width_of("black bear", 12) > 0


def test_width_grows_with_the_size() -> None:
    assert width_of("fox", 24) == pytest.approx(2 * width_of("fox", 12))


def test_letters_that_it_lacks_are_known_and_get_room() -> None:
    assert other_script("Ünïcode – “fox” … ↑") is None
    assert other_script("волк") and other_script("狼")
    assert width_of("狼狼", 12) == pytest.approx(24)


def test_what_is_too_wide_is_cut() -> None:
    assert shorten("fox", 100, 12) == "fox"
    cut = shorten("a very long name of a fox", 80, 12)
    assert cut.startswith("a very") and cut.endswith("…")
    assert width_of(cut, 12) <= 80
