from __future__ import annotations

import math

import pytest

from summit_dash.payloads.numbers import shorten


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(0.123456, 4, 0.1235), (123456.0, 4, 123500.0), (-1.5e-9, 4, -1.5e-9), (0.0, 4, 0.0), (1.2345, 2, 1.2)],
)
def test_as_many_significant_digits_as_asked_for(value: float, digits: int, expected: float) -> None:
    assert shorten(value, digits) == expected


def test_what_is_no_number_is_none_because_json_has_no_nan() -> None:
    assert shorten(None) is None and shorten(math.nan) is None
