"""Warnings for the reader of maps."""

from __future__ import annotations

from precompute.contract.map_quality import find_warnings


def test_a_difference_whose_interval_reaches_zero_is_no_win() -> None:
    rows = [
        ("a", "selectivity_over_edges", -0.1, 0.01),
        ("b", "selectivity_over_edges", -0.1, -0.01),
        ("c", "selectivity_over_random", 0.1, None),
        ("d", "selectivity_over_random", -0.1, None),
        ("e", "randomisation", 0.5, 0.6),
        ("f", "randomisation", 0.49, 0.6),
        ("a", "randomisation", 1.0, 1.0),
    ]
    assert find_warnings(rows) == {
        "a": ["does not beat an edge detector", "does not depend on the model"],
        "c": ["does not beat a random order"],
        "e": ["does not depend on the model"],
    }
