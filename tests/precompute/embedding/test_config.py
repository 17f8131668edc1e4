"""The settings of the embedding: a message for each value out of range."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.embedding.config import EmbeddingConfig


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_neighbors": 1}, "n_neighbors was 1"),
        ({"min_dist": -0.1}, "It was -0.1"),
        ({"min_dist": 1.5}, "It was 1.5"),
        ({"min_dist": float("nan")}, "It was nan"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        EmbeddingConfig(**wrong)  # type: ignore[arg-type]


def test_the_ends_of_the_ranges_are_allowed() -> None:
    assert EmbeddingConfig(n_neighbors=2, min_dist=0.0).min_dist == 0
    assert EmbeddingConfig(min_dist=1.0).n_neighbors == 15
