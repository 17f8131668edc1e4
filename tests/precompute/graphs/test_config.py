"""The settings of the graphs: a message for each value out of range, with the usual value."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.graphs.config import GraphConfig


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"damping": 1.0}, r"damping lies in \[0, 1\). It was 1.0. The usual value is 0.85"),
        ({"damping": -0.1}, "damping"),
        ({"tolerance": 0.0}, "tolerance of PageRank is positive"),
        ({"initial_mass": 0.0}, "initial PageRank mass"),
        ({"initial_mass": 1.1}, "initial PageRank mass"),
        ({"mass_step": 0.0}, "step of the mass"),
        ({"max_iterations": 0}, "iterates at least once"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GraphConfig(**wrong)  # type: ignore[arg-type]


def test_the_ends_of_the_ranges_are_allowed() -> None:
    assert GraphConfig(damping=0.0, initial_mass=1.0, mass_step=1.0, max_iterations=1).damping == 0
